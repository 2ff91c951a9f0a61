import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTallies, formatSkips, formatTally, formatUnsteady, settle, triedAgain } from './tally-sum.ts';

const one = { ...addTallies([]), passed: 3 };
const two = {
  ...one,
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

const failure = (file: string, name = 'a test') => ({ file, name });
const failing = (...failures: { file: string; name: string }[]) => ({
  ...one,
  failed: failures.length,
  failures,
});

test('few files with failures are run once more, but none that draws its inputs', () => {
  assert.deepEqual(triedAgain(one), []);
  assert.deepEqual(triedAgain(failing(failure('a'), failure('a', 'another'), failure('b'))), ['a', 'b']);
  assert.deepEqual(triedAgain(failing(failure('integration/soak.test.ts'), failure('b'))), ['b']);
  assert.deepEqual(triedAgain(failing(failure('integration/proxy-fuzz-requests.test.ts'))), []);
  assert.deepEqual(triedAgain(failing(...['a', 'b', 'c', 'd'].map(file => failure(file)))), []);
});

test('a run that failed without naming each test is not tried again', () => {
  assert.deepEqual(triedAgain({ ...failing(failure('a')), failed: 2 }), []);
  assert.deepEqual(triedAgain({ ...one, failed: 1 }), []);
});

test('what passes by itself counts as passed and is named', () => {
  const settled = settle(failing(failure('a', 'early'), failure('b', 'late')), 'a', { ...one, passed: 5 });
  assert.equal(formatTally(settled), '4 passed, 1 failed');
  assert.deepEqual(formatUnsteady(settled), ['unsteady: a: early: failed beside others, passed by itself']);
  assert.deepEqual(settled.failures, [failure('b', 'late')]);
});

test('what fails again stays a failure', () => {
  const first = failing(failure('a'));
  assert.equal(settle(first, 'a', failing(failure('a'))), first);
  assert.equal(settle(first, 'a', { ...one, passed: 0 }), first);
});
