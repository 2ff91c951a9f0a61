import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, percentile } from './figures.ts';
import { table } from './report.ts';

test('a percentile is one of the samples, in whatever order they came', () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(percentile([20, 3, 1, 2], 0.95), 20);
  assert.equal(percentile([7], 0.5), 7);
});

test("a peer's figure says how many times hostd's it is, and a missed aim is said", () => {
  const text = table([
    { name: 'hostd', version: '1', figures: { 'status.median': 100, 'stop200.wall': 0.5 } },
    { name: 'pm2', version: '2', figures: { 'status.median': 250 } },
  ]);
  const rows = text.split('\n');
  assert.match(rows.find(row => row.startsWith('status of 1')) ?? '', / 100 +250 +\(x2\.50\) +<= 90 MISSED$/);
  assert.match(rows.find(row => row.startsWith('stop 200')) ?? '', / 0\.50 +- +<= 1\.5 met$/);
});
