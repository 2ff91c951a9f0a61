import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pending } from './pending.ts';

const second = (startedAt: number) => Math.floor((performance.timeOrigin + startedAt) / 1000);

test('the oldest of those that wait is told, whoever has come or gone meanwhile', () => {
  const words = new Uint32Array(2);
  const pending = new Pending(words);
  const [a, b, c] = [5000, 9000, 14_000].map(startedAt => ({ startedAt }));
  assert.ok(a && b && c);
  for (const one of [a, b, c]) pending.begin(one);
  assert.deepEqual([...words], [3, second(5000)]);
  pending.end(b);
  assert.deepEqual([...words], [2, second(5000)]);
  pending.end(a);
  pending.end(a);
  assert.deepEqual([...words], [1, second(14_000)]);
  pending.end(c);
  assert.deepEqual([...words], [0, 0]);
});
