import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { attempted, causeText, nextDue, nextLook, noAttempts, pauseAfter, sizeText } from './upkeep.ts';

before(() => {
  process.env['TZ'] = 'UTC';
});

const none = { memoryRestart: 0, maxAge: 0, restartAt: null };
const at = (text: string) => Date.parse(`2026-05-01T${text}Z`);
const life = (text: string) => ({ startedAt: at(text), clockSince: at(text) });

test('what asks for nothing is never due', () => {
  assert.equal(nextDue(none, life('00:00:00'), at('12:00:00')), null);
  assert.equal(nextDue({ ...none, memoryRestart: 1 }, life('00:00:00'), at('12:00:00')), null);
});

test('an age counts from the start of the run, whoever was there meanwhile', () => {
  const due = nextDue({ ...none, maxAge: 3600 }, life('01:00:00'), at('12:00:00'));
  assert.deepEqual(due, { at: at('02:00:00'), cause: { kind: 'age', limit: 3600 } });
});

test('a time of day is the next one; one that was missed by less than an hour is now', () => {
  const rules = { ...none, restartAt: 240 };
  const cause = { kind: 'clock', minutes: 240 };
  assert.deepEqual(nextDue(rules, life('01:00:00'), at('03:00:00')), { at: at('04:00:00'), cause });
  assert.deepEqual(nextDue(rules, life('01:00:00'), at('04:59:00')), { at: at('04:00:00'), cause });
  const tomorrow = Date.parse('2026-05-02T04:00:00Z');
  assert.deepEqual(nextDue(rules, life('01:00:00'), at('05:00:00')), { at: tomorrow, cause });
  assert.deepEqual(nextDue(rules, life('04:00:10'), at('04:00:20')), { at: tomorrow, cause }, 'done');
  const asked = { startedAt: at('01:00:00'), clockSince: at('04:30:00') };
  assert.deepEqual(nextDue(rules, asked, at('04:31:00')), { at: tomorrow, cause }, 'asked for afterwards');
});

test('a clock that is put back a little brings no time of day again; one that was days ahead was wrong', () => {
  const rules = { ...none, restartAt: 240 };
  const tomorrow = Date.parse('2026-05-02T04:00:00Z');
  assert.equal(nextDue(rules, life('04:00:01'), at('03:59:58'))?.at, tomorrow);
  const ahead = Date.parse('2026-05-09T04:00:01Z');
  assert.equal(nextDue(rules, { startedAt: ahead, clockSince: ahead }, at('03:59:58'))?.at, at('04:00:00'));
});

test('of an age and a time of day the earlier counts', () => {
  const rules = { ...none, maxAge: 3600, restartAt: 240 };
  assert.equal(nextDue(rules, life('01:00:00'), at('01:00:00'))?.cause.kind, 'age');
  assert.equal(nextDue(rules, life('03:30:00'), at('03:30:00'))?.cause.kind, 'clock');
});

test('attempts that follow each other are further and further apart, up to an hour', () => {
  assert.equal(pauseAfter(noAttempts), 0);
  let attempts = attempted(noAttempts, 1_000_000_000);
  const pauses = [];
  for (let count = 0; count < 8; count += 1) {
    pauses.push(pauseAfter(attempts) / 60_000);
    attempts = attempted(attempts, attempts.last + pauseAfter(attempts));
  }
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
  assert.equal(attempted(attempts, attempts.last + 7_200_000).count, 1, 'all was well for two hours');
});

test('memory is looked at more often near its limit', () => {
  assert.ok(nextLook(10, 100) > nextLook(60, 100));
});

test('the cause is said with its figure', () => {
  assert.equal(
    causeText({ kind: 'memory', used: 432_013_312, limit: 400 * 1024 ** 2 }),
    '412M of memory, memory_restart 400M',
  );
  assert.equal(causeText({ kind: 'age', limit: 86_400 }), 'max_age 1d');
  assert.equal(causeText({ kind: 'age', limit: 90 }), 'max_age 90s');
  assert.equal(causeText({ kind: 'age', limit: 172_800 }), 'max_age 2d');
  assert.equal(causeText({ kind: 'clock', minutes: 240 }), 'restart_at 04:00');
  assert.equal(
    causeText({ kind: 'health', failures: 3, path: '/healthz', why: 'HTTP 500' }),
    '/healthz failed 3 times in a row: HTTP 500',
  );
  assert.deepEqual([sizeText(512), sizeText(1.5 * 1024 ** 3), sizeText(10_240)], ['512', '1.5G', '10K']);
});
