import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'toml';
import { type TomlTable, tomlText } from './toml-text.ts';

test('what is written is read back as it was', () => {
  const table: TomlTable = {
    proxy: { listen: ['127.0.0.1:80', '[::]:80'], enabled: true, workers: 2 },
    app: {
      hello: { root: '/a "b"\\c', env: { 'a.b': 'x\ny', LANG: 'C' }, program: { celery: { command: 'c' } } },
    },
    empty: {},
  };
  assert.deepEqual(JSON.parse(JSON.stringify(parse(tomlText(table)))), table);
});
