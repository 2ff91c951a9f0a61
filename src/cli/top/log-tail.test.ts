import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogTail } from './log-tail.ts';

test('lines come in pieces, and characters too', () => {
  const tail = new LogTail();
  const bytes = Buffer.from('one\nzwölf');
  for (const byte of bytes) tail.push(Uint8Array.of(byte));
  assert.deepEqual(tail.lines, ['one', 'zwölf']);
  tail.say('!');
  assert.deepEqual(tail.lines, ['one', 'zwölf!']);
});

test('only the last lines are kept, and the end of a line without an end', () => {
  const tail = new LogTail();
  tail.push(Buffer.from('x\n'.repeat(5000)));
  assert.equal(tail.lines.length, 1000);
  tail.push(Buffer.from('y'.repeat(100_000)));
  assert.equal(tail.lines.at(-1)?.length, 16_384);
});
