import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bounded, inertLine } from './log-text.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
const steering = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

test('a line of the log is one line, has nothing that a terminal obeys, and says the same', () => {
  fc.assert(
    fc.property(text, msg => {
      const line = inertLine(JSON.stringify({ msg }));
      assert.doesNotMatch(line, steering);
      assert.deepEqual(JSON.parse(line), { msg });
    }),
  );
});

test('a message has an end', () => {
  assert.equal(bounded('short'), 'short');
  assert.ok(bounded('x'.repeat(1_000_000)).length < 20_000);
});
