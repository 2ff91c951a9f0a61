import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytes, count, rate, time } from './numbers.ts';

test('numbers as people write them', () => {
  assert.deepEqual([0, 999, 1024, 1536, 10 * 1024, 1024 ** 2 * 512, 1024 ** 3 * 1.5].map(bytes), [
    '0',
    '999',
    '1K',
    '1.5K',
    '10K',
    '512M',
    '1.5G',
  ]);
  assert.deepEqual([0.4, 12, 999, 1000, 9999, 10_000, Number.POSITIVE_INFINITY].map(time), [
    '0.4ms',
    '12ms',
    '999ms',
    '1s',
    '10s',
    '10s',
    '>10s',
  ]);
  assert.deepEqual([0, 0.04, 12.34, 100.4, 99_999].map(rate), ['0', '0.0', '12.3', '100', '100k']);
  assert.deepEqual([0, 99_999, 100_000, 12e6, 120e6].map(count), ['0', '99999', '100k', '12000k', '120M']);
  assert.deepEqual(
    [bytes, time, rate, count].map(write => write(null)),
    ['-', '-', '-', '-'],
  );
});

test('none of them is wide', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), value => {
      for (const text of [bytes(value), rate(value)]) assert.ok(text.length <= 8, text);
    }),
  );
});
