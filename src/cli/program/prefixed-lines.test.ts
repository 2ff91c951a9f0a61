import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrefixedLines } from './prefixed-lines.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test('each line gets the name in front, however its bytes come', () => {
  const lines = new PrefixedLines('a | ', null);
  const shown = ['on', 'e\ntw', 'o\n\nthr', 'ee'].map(piece => text(lines.push(Buffer.from(piece))));
  assert.deepEqual(shown, ['', 'a | one\n', 'a | two\na | \n', '']);
  assert.equal(text(lines.end()), 'a | three\n');
  assert.equal(text(lines.end()), '');
});

test('a line without an end is not kept for ever', () => {
  const lines = new PrefixedLines('a | ', null);
  assert.ok(lines.push(Buffer.alloc(70_000, 'x')).length > 70_000);
});

test('on a terminal nothing that steers it comes through, and colours end with their line', () => {
  const lines = new PrefixedLines('a | ', true);
  assert.equal(
    text(lines.push(Buffer.from('\x1b[31mred\n\x1b]0;owned\x07\n'))),
    'a | \x1b[31mred\x1b[0m\na | \\x1b]0;owned\\x07\n',
  );
});
