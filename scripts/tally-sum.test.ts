import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTallies, formatSkips, formatTally } from './tally-sum.ts';

const one = { passed: 3, failed: 0, skipped: [] };
const two = {
  passed: 4,
  failed: 1,
  skipped: [
    { file: 'integration/a.test.ts', name: 'a page', why: 'needs chromium' },
    { file: 'src/b.test.ts', name: 'root alone', why: 'needs\n  root' },
  ],
};

test('the last line adds up all suites and counts skipped tests only when there are some', () => {
  assert.equal(formatTally(addTallies([one])), '3 passed, 0 failed');
  assert.equal(formatTally(addTallies([one, two])), '7 passed, 1 failed, 2 skipped');
});

test('each skipped test is named in a line with its reason', () => {
  assert.deepEqual(formatSkips(addTallies([one, two])), [
    'skipped: integration/a.test.ts: a page: needs chromium',
    'skipped: src/b.test.ts: root alone: needs root',
  ]);
});
