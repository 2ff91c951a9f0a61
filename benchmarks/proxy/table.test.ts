import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarise, table } from './table.ts';

const round = { requests: 1000, rate: 1000, p50: 1, p99: 5, bad: 0, cpuSeconds: 0.02 };

test('one spoilt round changes nothing, but its errors are not forgotten', () => {
  const spoilt = { ...round, rate: 10, p99: 900, bad: 3, cpuSeconds: 0.9 };
  assert.deepEqual(summarise('a', [round, spoilt, round]), {
    name: 'a',
    rate: 1000,
    p50: 1,
    p99: 5,
    cpuMicroseconds: 20,
    bad: 3,
  });
});

test('each line has the ratio to nginx, and says when answers were bad', () => {
  const text = table('row', [
    summarise('nginx', [round]),
    summarise('hostd', [{ ...round, rate: 500, bad: 2 }]),
  ]);
  assert.match(text, /^row\n {2}nginx +1000\/s +1\.00 +p50 1\.00 ms +p99 5\.00 ms +20 µs CPU\n/);
  assert.match(text, /\n {2}hostd +500\/s +0\.50 .* 2 BAD$/);
});
