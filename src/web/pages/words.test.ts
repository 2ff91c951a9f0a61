import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, bytes, milliseconds, moment, number, untilDay } from './words.ts';

test('numbers have as many digits as somebody reads', () => {
  assert.deepEqual([null, 0, 900_000, 3_400_000, 34_000_000, 1_500_000_000].map(bytes), [
    '',
    '0 kB',
    '900 kB',
    '3.4 MB',
    '34 MB',
    '1.5 GB',
  ]);
  assert.deepEqual([null, 0, 0.0312, 9.96, 12.4, 1200.2].map(number), ['', '0', '0.031', '10', '12', '1200']);
  assert.deepEqual([null, 3.21, 999, 1234].map(milliseconds), ['', '3.2 ms', '999 ms', '1.2 s']);
});

test('times are those of the clock of this machine, and days are counted', () => {
  assert.equal(moment(new Date(2026, 10, 8, 9, 5, 3).getTime()), '2026-11-08 09:05:03');
  const day = 86_400;
  assert.deepEqual(
    [12.5, 1.2, 0.5, -0.5, -3.5].map(days => untilDay(days * day, 0)),
    ['in 12 days', 'in 1 day', 'in 0 days', '1 day ago', '4 days ago'],
  );
});

test('a name with odd characters has an address', () => {
  assert.equal(at('hello:celery', 'log'), '/programs/hello%3Acelery/log');
  assert.equal(at('a b/../c?d'), '/programs/a%20b%2F..%2Fc%3Fd');
});
