import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTallies, formatTally } from './tally-sum.ts';

test('the last line adds up all suites and names skipped tests only when there are some', () => {
  const one = { passed: 3, failed: 0, skipped: 0 };
  const two = { passed: 4, failed: 1, skipped: 2 };
  assert.equal(formatTally(addTallies([one])), '3 passed, 0 failed');
  assert.equal(formatTally(addTallies([one, two])), '7 passed, 1 failed, 2 skipped');
});
