// The manual is held to the tables of keys: each key has its row, with its default and its meaning, in both.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { appKeys, type Key, type Keys, supervisionKeys, tableKeys } from './keys.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const markdown = read('docs/configuration.md');
const troff = read('man/hostd.toml.5');

/** The text from a heading to the next one of its level. */
function section(text: string, heading: string, next: RegExp): string {
  const from = text.indexOf(heading);
  assert.notEqual(from, -1, `there is no ${heading}`);
  const rest = text.slice(from + heading.length);
  const to = rest.search(next);
  return to < 0 ? rest : rest.slice(0, to);
}

function markdownRow(name: string, key: Key): string {
  return `| \`${name}\` | ${key.default} | ${key.meaning} |\n`;
}

function troffEntry(name: string, key: Key): string {
  const plain = (text: string) => text.replaceAll('-', '\\-').replace(/^(['.])/, '\\&$1');
  return `.TP\n.BR ${name} \\~(${plain(key.default).replaceAll('"', '\\(dq').replaceAll(' ', '\\ ')})\n${plain(key.meaning)}\n`;
}

for (const [table, keys] of Object.entries<Keys>(tableKeys)) {
  test(`docs/configuration.md has every key of [${table}], its default and its meaning`, () => {
    const text = section(markdown, `## [${table}]\n`, /^## /m);
    for (const [name, key] of Object.entries(keys))
      assert.ok(text.includes(markdownRow(name, key)), `missing: ${markdownRow(name, key)}`);
    const rows = text.match(/^\| `\w+` \| /gm) ?? [];
    assert.equal(rows.length, Object.keys(keys).length, 'there is a row of a key that is none');
  });

  test(`hostd.toml(5) has every key of [${table}], its default and its meaning`, () => {
    const text = section(troff, `.SH [${table}]\n`, /^\.SH /m);
    for (const [name, key] of Object.entries(keys))
      assert.ok(text.includes(troffEntry(name, key)), `missing:\n${troffEntry(name, key)}`);
    const entries = text.match(/^\.TP$/gm) ?? [];
    assert.equal(entries.length, Object.keys(keys).length, 'there is an entry of a key that is none');
  });
}

test("Supervisor's keys are heard in [app] too", () => {
  for (const name of Object.keys(supervisionKeys)) assert.ok(name in appKeys, name);
});

test('no key is another name of a second one', () => {
  for (const keys of Object.values<Keys>(tableKeys)) {
    const aliases = Object.values(keys).flatMap(key => key.alias ?? []);
    assert.deepEqual(
      aliases.filter(alias => Object.hasOwn(keys, alias)),
      [],
    );
    assert.deepEqual([...new Set(aliases)], aliases);
  }
});
