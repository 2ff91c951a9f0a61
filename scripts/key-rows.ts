// The rows of docs/configuration.md and hostd.toml(5), made from the tables of keys. Pure.

import { type Key, type Keys, tableKeys } from '../src/config/toml/keys.ts';

/** A document with a section for each table of keys, and a row for each key in it. */
export interface Document {
  readonly path: string;
  readonly heading: (table: string) => string;
  /** Where the next section begins. */
  readonly next: RegExp;
  readonly row: (name: string, key: Key) => string;
  /** Each row, with the key's name as its group. */
  readonly rows: RegExp;
}

export const documents: readonly Document[] = [
  {
    path: 'docs/configuration.md',
    heading: table => `## [${table}]\n`,
    next: /^## /m,
    row: (name, key) => `| \`${name}\` | ${key.default} | ${key.meaning} |\n`,
    rows: /^\| `(\w+)` \| .*\n/gm,
  },
  {
    path: 'man/hostd.toml.5',
    heading: table => `.SH [${table}]\n`,
    next: /^\.SH /m,
    row: (name, key) =>
      `.TP\n.BR ${name} \\~(${troff(key.default).replaceAll('"', '\\(dq').replaceAll(' ', '\\ ')})\n${troff(key.meaning)}\n`,
    rows: /^\.TP\n\.BR (\w+) .*\n.*\n/gm,
  },
];

function troff(text: string): string {
  return text.replaceAll('-', '\\-').replace(/^(['.])/, '\\&$1');
}

/** The document's text with a row for each key: wrong rows are replaced, missing ones follow the key before them, others are removed. */
export function withRows(text: string, document: Document): string {
  return Object.entries<Keys>(tableKeys).reduce((whole, [table, keys]) => {
    const from = whole.indexOf(document.heading(table)) + document.heading(table).length;
    if (from < document.heading(table).length) throw new Error(`${document.path} has no section [${table}]`);
    const rest = whole.slice(from);
    const end = rest.search(document.next);
    const to = end < 0 ? whole.length : from + end;
    return whole.slice(0, from) + sectionWithRows(whole.slice(from, to), document, keys) + whole.slice(to);
  }, text);
}

function sectionWithRows(section: string, { row, rows }: Document, keys: Keys): string {
  const names = Object.keys(keys);
  const present = new Set([...section.matchAll(rows)].map(match => match[1] ?? ''));
  const first = names.findIndex(name => present.has(name));
  if (first < 0) throw new Error('a section has no row of a key to begin from');
  const text = (from: number, to: number) =>
    names
      .slice(from, to)
      .map(name => row(name, keys[name] as Key))
      .join('');
  /** A key's row, and the missing rows of the keys that follow it in the table; the first row also has those before it. */
  const around = (name: string): string => {
    const at = names.indexOf(name);
    let end = at + 1;
    while (end < names.length && !present.has(names[end] ?? '')) end++;
    return text(at === first ? 0 : at, end);
  };
  return section.replace(rows, (_row, name: string) => (Object.hasOwn(keys, name) ? around(name) : ''));
}
