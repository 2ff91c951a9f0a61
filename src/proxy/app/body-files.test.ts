import assert from 'node:assert/strict';
import { closeSync, fstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import type { Full } from '../budget.ts';
import { defaultLimits } from '../limits.ts';
import { BodyFiles } from './body-files.ts';

const limits = { ...defaultLimits, bodyMemory: 10, bodyDisk: 1000, bodyDiskPerClient: 400 };

function files(free: number | null): { readonly files: BodyFiles; readonly full: Full[] } {
  const full: Full[] = [];
  return {
    files: new BodyFiles(
      '/nowhere',
      limits,
      why => full.push(why),
      () => free,
    ),
    full,
  };
}

test('bodies have half of the disk at most, and those of one network half of that', () => {
  const { files: some, full } = files(800);
  assert.equal(some.take('a', 200), true);
  assert.equal(some.take('a', 1), false);
  assert.equal(some.take('b', 200), true);
  assert.equal(some.take('c', 1), false);
  assert.deepEqual(full, ['one', 'all']);
  some.give('a', 200);
  assert.equal(some.take('c', 1), true);
  assert.equal(some.used, 201);
});

test('where nobody knows how much is free, the bounds are those of the limits', () => {
  const { files: some } = files(null);
  assert.deepEqual([some.take('a', 400), some.take('a', 1), some.take('b', 400)], [true, false, true]);
  assert.deepEqual([some.take('c', 200), some.take('d', 1)], [true, false]);
});

test('a body that says how long it is, is refused at once: for good, or for now', () => {
  const { files: some } = files(800);
  assert.equal(some.refusal('a', 10), null);
  assert.equal(some.refusal('a', 200), null);
  assert.equal(some.refusal('a', 201), 503);
  assert.equal(some.refusal('a', 401), 413);
  assert.equal(some.used, 0);
});

test('a file is nobody else’s, and has no name', t => {
  const directory = mkdtempSync(`${tmpdir()}/hostd-bodies-`);
  t.after(() => rmSync(directory, { recursive: true }));
  const fd = new BodyFiles(directory, limits, () => {}).open();
  const { mode, nlink } = fstatSync(fd);
  assert.deepEqual([(mode & 0o777).toString(8), nlink, readdirSync(directory)], ['600', 0, []]);
  closeSync(fd);
});
