import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unclaimed } from './orphans.ts';

const id = (pid: number, starttime: number) => ({ pid, starttime, bootId: 'b' });

test('an ended child is nobody’s when nobody has reaped it from one look to the next', () => {
  assert.deepEqual(unclaimed([], [id(5, 1)]), []);
  assert.deepEqual(unclaimed([id(5, 1)], [id(5, 1), id(6, 2)]), [id(5, 1)]);
  assert.deepEqual(unclaimed([id(5, 1)], []), []);
});

test('the exit of a program of hostd’s own is not taken away because its pid was an orphan’s before', () => {
  assert.deepEqual(unclaimed([id(5, 1)], [id(5, 9)]), []);
});
