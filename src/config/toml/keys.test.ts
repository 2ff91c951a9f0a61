// Keeps the manual true to the tables of keys: each key has its row in both, with its default and its meaning.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { documents, withRows } from '../../../scripts/key-rows.ts';
import { appKeys, type Keys, supervisionKeys, tableKeys } from './keys.ts';

for (const document of documents)
  test(`${document.path} has a row for every key, with its default and its meaning, and no other`, () => {
    const text = readFileSync(new URL(`../../../${document.path}`, import.meta.url), 'utf8');
    assert.equal(text, withRows(text, document), 'npm run docs:keys mends it');
  });

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
