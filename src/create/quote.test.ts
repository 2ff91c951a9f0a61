import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import toml from 'toml';
import { pythonText, shellWord, sqlName, sqlText, tomlKey, tomlText } from './quote.ts';

const nasty = [
  '',
  ' ',
  "'",
  '"',
  '\\',
  "\\'",
  '$HOME',
  '`id`',
  '$(id)',
  'a\nb',
  '#',
  ';',
  '%',
  'é',
  '😀',
  '\t',
  '-rf',
  '\u007f',
];
const unicode = fc.string({ unit: 'binary' }).filter(text => text.isWellFormed() && !text.includes('\0'));

test('a shell reads back each word as it was', () => {
  const words = [...nasty, ...fc.sample(unicode, 200)];
  const script = words.map(word => `printf '%s\\0' ${shellWord(word)}`).join('\n');
  const { stdout } = spawnSync('/bin/sh', { input: script, encoding: 'utf8' });
  assert.deepEqual(stdout.split('\0').slice(0, -1), words);
});

test('Python reads back each text as it was', () => {
  const texts = [...nasty, ...fc.sample(unicode, 200)];
  const script = `import json\nprint(json.dumps([${texts.map(pythonText).join(', ')}]))`;
  const { stdout } = spawnSync('/usr/bin/python3', ['-'], { input: script, encoding: 'utf8' });
  assert.deepEqual(JSON.parse(stdout), texts);
});

test('TOML reads back each key and each text as it was', () => {
  fc.assert(
    fc.property(unicode, unicode, (key, text) => {
      fc.pre(key !== '__proto__');
      const read = toml.parse(`${tomlKey(key)} = ${tomlText(text)}\n`) as Record<string, string>;
      assert.deepEqual(Object.entries(read), [[key, text]]);
    }),
  );
});

test('no text ends its SQL literal or its SQL name early', () => {
  fc.assert(
    fc.property(unicode, text => {
      assert.match(sqlText(text), /^E'(?:[^'\\]|''|\\\\)*'$/);
      assert.match(sqlName(text), /^"(?:[^"]|"")*"$/);
    }),
  );
});
