import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeJson, escapeLine, escapeLines } from './escape.ts';

test('what a terminal would obey is shown instead', () => {
  assert.equal(escapeLine('a\u001b[31m\r\n\tb\u007f\u009b\u202e'), 'a\\x1b[31m\\r\\n\\tb\\x7f\\x9b\\u202e');
});

test('ordinary text of any language stays as it is', () => {
  for (const text of ['hello', 'größer "x" \\ $', '日本語 🙂']) assert.equal(escapeLine(text), text);
});

test('lines stay lines', () => {
  assert.equal(escapeLines('a\n  try: b\rc'), 'a\n  try: b\\rc');
});

test('escaped JSON has the same value, whatever it holds', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
      const both = JSON.parse(JSON.stringify([value, text]));
      assert.deepEqual(JSON.parse(escapeJson(both)), both);
    }),
  );
});
