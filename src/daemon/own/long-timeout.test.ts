import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setLongTimeout } from './long-timeout.ts';

test('a time of months does not end at once', async () => {
  let isOver = false;
  const timer = setLongTimeout(() => {
    isOver = true;
  }, 2 ** 31);
  await sleep(20);
  clearTimeout(timer);
  assert.equal(isOver, false);
});

test('a time in several parts is as long as it is to be', async () => {
  const begun = performance.now();
  await new Promise<void>(resolve => setLongTimeout(resolve, 40, 15));
  // A timer may be early by the fraction of a millisecond.
  assert.ok(performance.now() - begun > 35);
});
