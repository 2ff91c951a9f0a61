import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bounded, errorParts, inertLine } from './log-text.ts';

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

test('a message that is too long is cut, and no text makes a line that journald would break', () => {
  assert.equal(bounded('short'), 'short');
  assert.equal(bounded('x'.repeat(5000)).length, 5000);
  for (const text of ['x', '\u001b', '\u009b', '\n', '漢', '\u{1f600}', '\ud800']) {
    const much = text.repeat(1_000_000);
    const line = { err: errorParts(Object.assign(new Error(much), { stack: much })), msg: bounded(much) };
    assert.ok(Buffer.byteLength(inertLine(JSON.stringify(line))) < 48 * 1024, JSON.stringify(text));
  }
});

test('an error keeps its kind, its code and its stack', () => {
  const error = Object.assign(new TypeError('no'), { code: 'ENOENT', secret: 'x' });
  const parts = errorParts(error);
  assert.deepEqual(Object.keys(parts), ['type', 'message', 'code', 'stack']);
  assert.match(parts['stack'] ?? '', /TypeError: no\n {4}at /);
  assert.deepEqual(errorParts('thrown'), { message: 'thrown' });
});
