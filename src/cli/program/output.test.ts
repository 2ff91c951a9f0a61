import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Output } from './output.ts';

function failing(code: string) {
  return new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error(code), { code }));
    },
  });
}

test('a terminal that does not know its width counts as 80 columns wide', () => {
  const stream = Object.assign(new Writable(), { isTTY: true, columns: 0 });
  assert.equal(new Output(stream, {}).columns, 80);
});

test('a reader that went away is told once, and is no failure; a full disk is one', async () => {
  for (const [code, isFailure] of [
    ['EPIPE', false],
    ['ENOSPC', true],
  ] as const) {
    const output = new Output(failing(code), {});
    let times = 0;
    output.onClosed(() => times++);
    output.write('a');
    await new Promise(resolve => setImmediate(resolve));
    output.write('b');
    assert.deepEqual([times, output.isClosed, output.failure !== null], [1, true, isFailure], code);
  }
});
