// The ring on a real file system: what is read is what was written, whatever a kill has left of it.

import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { capacity, Ring } from './ring.ts';

function place(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-ring-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const paths = { current: join(directory, 'events.jsonl'), before: join(directory, 'events.1.jsonl') };
  const troubles: unknown[] = [];
  return { paths, troubles, open: () => new Ring(paths, error => troubles.push(error)) };
}

const line = (seq: number) => `{"seq":${seq},"kind":"running"}\n`;

function add(ring: Ring, count: number): void {
  for (let n = 0; n < count; n++) ring.append(ring.last + 1, line(ring.last + 1));
}

/** Numbers of the lines, newest first. */
async function numbers(ring: Ring, most = Number.POSITIVE_INFINITY): Promise<number[]> {
  const found: number[] = [];
  await ring.read(text => {
    const seq = Number(/^\{"seq":(\d+),.*\}$/.exec(text)?.[1]);
    if (Number.isSafeInteger(seq)) found.push(seq);
    return found.length < most;
  });
  return found;
}

test('what was written is read, newest first, also by the next one; nobody else may read it', async t => {
  const { open, paths } = place(t);
  const ring = open();
  add(ring, 300);
  assert.deepEqual(await numbers(ring, 3), [300, 299, 298]);
  assert.equal(statSync(paths.current).mode & 0o777, 0o600);
  const next = open();
  assert.equal(next.last, 300);
  add(next, 1);
  assert.equal((await numbers(next)).length, 301);
});

test('the last 10,000 are kept, in two files at most, over restarts', async t => {
  const { open, paths } = place(t);
  let ring = open();
  for (let round = 0; round < 6; round++) {
    add(ring, 4000);
    await ring.flush();
    ring = open();
  }
  const found = await numbers(ring);
  assert.deepEqual([found[0], found.length], [24_000, capacity]);
  assert.deepEqual(
    found,
    Array.from({ length: capacity }, (_, at) => 24_000 - at),
  );
  for (const path of [paths.current, paths.before])
    assert.ok(readFileSync(path, 'utf8').split('\n').length <= capacity + 4001);
});

test('a line that was cut off at any byte costs itself and no other', async t => {
  const { open, paths } = place(t);
  const ring = open();
  add(ring, 3);
  await ring.flush();
  const whole = statSync(paths.current).size;
  for (let cut = 1; cut <= line(3).length; cut++) {
    truncateSync(paths.current, whole - cut);
    const next = open();
    // Of a line that has lost its newline alone, all is there.
    assert.equal(next.last, cut === 1 ? 3 : 2);
    next.append(4, line(4));
    assert.deepEqual(await numbers(next), cut === 1 ? [4, 3, 2, 1] : [4, 2, 1]);
    writeFileSync(paths.current, [1, 2, 3].map(line).join(''));
  }
});

test('a file full of anything is no trouble', async t => {
  const { open, paths } = place(t);
  writeFileSync(paths.current, Buffer.alloc(700_000, 0xff));
  appendFileSync(paths.current, '\n{"seq":"x"}\n\n\0\0\n');
  const ring = open();
  assert.equal(ring.last, 0);
  add(ring, 2);
  assert.deepEqual(await numbers(ring), [2, 1]);
});

test('when the process ends, what waits is written at once', t => {
  const { open, paths } = place(t);
  const ring = open();
  ring.append(1, line(1));
  ring.append(2, line(2));
  ring.append(3, line(3));
  ring.flushNow();
  // The first of them is on its way already.
  const text = () => readFileSync(paths.current, 'utf8');
  assert.ok(!text().includes(line(1) + line(1)));
});

test('a device that is full is said once, and what comes after is written', async t => {
  const { paths } = place(t);
  const said: unknown[] = [];
  const ring = new Ring({ ...paths, current: '/dev/full' }, error => said.push(error));
  add(ring, 3);
  await ring.flush();
  add(ring, 3);
  await ring.flush();
  assert.equal(said.length, 1);
  assert.match(String(said[0]), /ENOSPC/);
});
