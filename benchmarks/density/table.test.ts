import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aims, type Column, table } from './table.ts';

const asleep: Column = {
  title: 'hostd, on demand',
  start: 31,
  visited: 5400,
  idle: 80,
  cpu: 0,
  naps: { answers: [400, 560], bare: [380, 500], requests: 900, failed: 2, how: { '502': 2 }, starts: 120 },
};
const plain: Column = { ...asleep, title: 'hostd', idle: 5400, cpu: 2, naps: null };

test('who does not sleep has no figures of sleep', () => {
  const lines = table([plain, asleep], 60, 300).split('\n');
  assert.match(lines[0] ?? '', /^ +hostd {2}hostd, on demand$/);
  assert.match(lines[3] ?? '', /^memory in all, nobody comes \(MiB\) +5400 +80\.0$/);
  assert.match(lines[5] ?? '', /^first answer after sleep, median \(ms\) +- +400$/);
  assert.match(lines[11] ?? '', /^failed requests +- +2$/);
});

test('an aim is judged where its stacks were measured', () => {
  assert.equal(
    aims([plain, asleep]),
    `on demand, idle: under 150 MiB in all: met
first answer: at most 1.1 times a bare gunicorn's, here 1.05: met
no request fails: MISSED
`,
  );
  assert.match(aims([plain, { ...plain, title: 'supervisord', idle: 5000 }]), /nginx: MISSED\n$/);
});
