import assert from 'node:assert/strict';
import { closeSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { native } from '../../native/index.ts';
import { readLines } from './lines.ts';

/** The lines that were understood in these pieces, and whether the other end could still write afterwards. */
async function read(pieces: readonly string[], limit = 20): Promise<{ lines: string[]; open: boolean }> {
  const [from, to] = native.pipe();
  const lines: string[] = [];
  readLines(from, limit, line => {
    lines.push(line);
    return line !== 'bad';
  });
  let open = true;
  for (const piece of [...pieces, 'x']) {
    try {
      writeSync(to, piece);
    } catch {
      open = false;
    }
    await sleep(20);
  }
  closeSync(to);
  return { lines, open };
}

test('lines arrive whole, however they were cut on the way', async () => {
  const { lines, open } = await read(['one\ntw', 'o\n', '\n', 'three\nfour']);
  assert.deepEqual(lines, ['one', 'two', '', 'three']);
  assert.ok(open);
});

test('a worker that says what is not understood is heard no more', async () => {
  assert.deepEqual(await read(['one\nbad\ntwo\n', 'three\n']), { lines: ['one', 'bad'], open: false });
});

test('a line without an end does not fill the memory', async () => {
  assert.deepEqual(await read(['one\n', 'y'.repeat(21), 'z\n']), { lines: ['one'], open: false });
  assert.deepEqual(await read([`${'y'.repeat(21)}\n`, 'z\n']), { lines: [], open: false });
});

test('whoever says more than it has to say in a second waits, and loses nothing', async () => {
  const [from, to] = native.pipe();
  let heard = 0;
  const over = new Promise<void>(resolve =>
    readLines(
      from,
      20,
      line => {
        heard += 1;
        return line === 'ready';
      },
      resolve,
    ),
  );
  // Keeps the process alive, which the reader's own timer of a second does not.
  const alive = setInterval(() => {}, 1000);
  writeSync(to, 'ready\n'.repeat(2500));
  closeSync(to);
  await sleep(300);
  assert.equal(heard, 1000);
  await over;
  clearInterval(alive);
  assert.equal(heard, 2500);
});
