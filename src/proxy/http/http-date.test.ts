import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatHttpDate, parseHttpDate } from './http-date.ts';

test('all three forms of a date say the same', () => {
  for (const text of [
    'Tue, 02 Jan 2024 02:59:49 GMT',
    'Tuesday, 02-Jan-24 02:59:49 GMT',
    'Tue Jan  2 02:59:49 2024',
  ]) {
    assert.equal(parseHttpDate(text), 1_704_164_389, text);
  }
});

test('what is no date is none', () => {
  for (const text of [
    '',
    'x',
    'Tue, 32 Jan 2024 02:59:49 GMT',
    'Tue, 02 Foo 2024 02:59:49 GMT',
    '2024-01-02',
  ]) {
    assert.equal(parseHttpDate(text), null, text);
  }
});

test('a date survives being written and read', () => {
  fc.assert(
    fc.property(fc.nat({ max: 4_000_000_000 }), seconds => {
      assert.equal(parseHttpDate(formatHttpDate(seconds)), seconds);
    }),
  );
});
