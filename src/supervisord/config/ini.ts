// Supervisor's file as its parser reads it: Python 3's RawConfigParser with inline comments after ";" and "#", not strict.
// All oddities are Python's (configparser.py, _read): a comment needs a blank before it, and quotes protect nothing.

import type { Place } from '../../model/problem.ts';
import { space, strip } from '../../words/python.ts';

/** One value, with the place of its key. Lines of a long value are joined by line feeds. */
export interface IniValue {
  readonly text: string;
  readonly at: Place;
}

export interface IniSection {
  readonly name: string;
  readonly at: Place;
  readonly values: Map<string, IniValue>;
}

export interface IniError {
  readonly at: Place;
  readonly message: string;
  /** Kinds of errors: Python's parser stops at the first of the second kind, and lists all of the first. */
  readonly kind?: 'no-option' | 'no-section';
  /** The line as it is, with its line feed. */
  readonly source?: string;
}

/** Sections by name, in the order of their first lines. Another file that is read into the same Ini is merged. */
export interface Ini {
  readonly sections: Map<string, IniSection>;
  /** [DEFAULT]: its values hold in every section that has none of its own. */
  readonly defaults: Map<string, IniValue>;
}

export function emptyIni(): Ini {
  return { sections: new Map(), defaults: new Map() };
}

const spaceOnly = new RegExp(`[${space}]`);
/** str.split(), for String.split. */
export const blanks = new RegExp(`[${space}]+`);
const header = /^\[([^\n]+)\]/;
const option = new RegExp(`^([^\\n]*?)[${space}]*[=:][${space}]*([^\\n]*)$`);

/** As in Supervisor, the reading ends at the first thing that makes the file unusable. */
export function readIni(text: string, file: string, ini: Ini): readonly IniError[] {
  const errors: IniError[] = [];
  let section: Map<string, IniValue> | null = null;
  let lines: { key: string; at: Place; values: string[] } | null = null;
  let indent = 0;
  const close = () => {
    if (lines !== null && section !== null)
      section.set(lines.key, {
        text: lines.values.join('\n').replace(new RegExp(`[${space}]+$`), ''),
        at: lines.at,
      });
  };
  const all = text.split(/\r\n|\r|\n/);
  for (const [index, line] of all.entries()) {
    const source = index < all.length - 1 ? `${line}\n` : line;
    // There is no line after the last line feed.
    if (source === '') continue;
    const at: Place = { file, line: index + 1, column: Math.max(0, line.search(/\S/)) + 1 };
    const comment = commentStart(line);
    const value = strip(comment === null ? line : line.slice(0, comment));
    if (value === '') {
      if (comment === null && section !== null) lines?.values.push('');
      continue;
    }
    const level = firstNonSpace(line);
    if (section !== null && lines !== null && level > indent) {
      lines.values.push(value);
      continue;
    }
    indent = level;
    const name = header.exec(value)?.[1];
    if (name !== undefined) {
      close();
      lines = null;
      section = name === 'DEFAULT' ? ini.defaults : sectionOf(ini, name, at);
      continue;
    }
    if (section === null) {
      errors.push({ at, message: 'there is no [section] above this line', kind: 'no-section', source });
      return errors;
    }
    close();
    const [, key = '', first = ''] = option.exec(value) ?? [];
    if (key === '' || !option.test(value)) {
      const message = `"${value}" is neither a [section] nor key = value`;
      errors.push({ at, message, kind: 'no-option', source });
      continue;
    }
    lines = { key: key.toLowerCase(), at, values: [strip(first)] };
  }
  close();
  return errors;
}

function sectionOf(ini: Ini, name: string, at: Place): Map<string, IniValue> {
  const found = ini.sections.get(name) ?? { name, at, values: new Map<string, IniValue>() };
  ini.sections.set(name, found);
  return found.values;
}

function firstNonSpace(line: string): number {
  const found = [...line].findIndex(char => !spaceOnly.test(char));
  return found < 0 ? 0 : found;
}

/**
 * Where a comment begins, or null. Both prefixes are tried in rounds (the first ";" and the first "#", then the second of
 * each). The first round that finds one after a blank, or at the beginning, decides.
 */
function commentStart(line: string): number | null {
  if (/^[;#]/.test(strip(line))) return 0;
  let from = new Map([
    [';', -1],
    ['#', -1],
  ]);
  while (from.size > 0) {
    const next = new Map<string, number>();
    let start: number | null = null;
    for (const [prefix, last] of from) {
      const index = line.indexOf(prefix, last + 1);
      if (index < 0) continue;
      next.set(prefix, index);
      if (index === 0 || spaceOnly.test(line[index - 1] ?? '')) start = Math.min(start ?? index, index);
    }
    if (start !== null) return start;
    from = next;
  }
  return null;
}

/** The section's value, or the one in [DEFAULT]. */
export function iniValue(ini: Ini, section: IniSection, key: string): IniValue | undefined {
  return section.values.get(key) ?? ini.defaults.get(key);
}

/** Replaces %(here)s by a directory everywhere, as Supervisor does after each file that it includes. */
export function replaceHere(ini: Ini, directory: string): void {
  for (const section of ini.sections.values())
    for (const [key, value] of [...ini.defaults, ...section.values]) {
      const own = section.values.get(key) ?? value;
      if (own.text.includes('%(here)s'))
        section.values.set(key, { ...own, text: own.text.replaceAll('%(here)s', () => directory) });
    }
}
