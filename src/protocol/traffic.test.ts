import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addRow, at, boundsMs, bucketOf, closeRow, describeRow, rowLength } from './traffic.ts';

const rows = fc
  .array(fc.nat(), { minLength: rowLength, maxLength: rowLength })
  .map(numbers => Float64Array.from(numbers));

test('a bucket takes what is at its bound, the last one whatever is beyond', () => {
  assert.equal(bucketOf(0), 0);
  assert.equal(bucketOf(1), 0);
  assert.equal(bucketOf(1.01), 1);
  assert.equal(bucketOf(10_000), boundsMs.length - 1);
  assert.equal(bucketOf(10_001), boundsMs.length);
  assert.equal(bucketOf(Number.POSITIVE_INFINITY), boundsMs.length);
});

test('every number of a row has one name, and its own place', () => {
  const row = Float64Array.from({ length: rowLength }, (_, i) => i + 1);
  const { name, latency_ms, first_byte_ms, queue_ms, statuses, ...plain } = describeRow('hello', row);
  assert.equal(name, 'hello');
  const numbers = [
    ...Object.values(plain),
    ...Object.values(statuses),
    ...Object.values(latency_ms.buckets),
    latency_ms.sum,
    ...Object.values(first_byte_ms.buckets),
    first_byte_ms.sum,
    ...Object.values(queue_ms),
  ];
  assert.deepEqual(
    numbers.toSorted((a, b) => Number(a) - Number(b)),
    [...row],
  );
});

test('an empty row has all the names', () => {
  const buckets = {
    '1': 0,
    '2': 0,
    '5': 0,
    '10': 0,
    '25': 0,
    '50': 0,
    '100': 0,
    '250': 0,
    '500': 0,
    '1000': 0,
    '2500': 0,
    '5000': 0,
    '10000': 0,
    '+inf': 0,
  };
  assert.deepEqual(describeRow(null, new Float64Array(rowLength)), {
    name: null,
    requests: 0,
    open_requests: 0,
    open_tunnels: 0,
    received_bytes: 0,
    sent_bytes: 0,
    statuses: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, '499': 0, '502': 0, '503': 0, '504': 0 },
    latency_ms: { count: 0, sum: 0, buckets },
    first_byte_ms: { count: 0, sum: 0, buckets },
    queue_ms: { count: 0, sum: 0, max: 0 },
  });
});

test('rows add up in any order, but for the longest wait, which stays the longest', () => {
  fc.assert(
    fc.property(rows, rows, (a, b) => {
      const one = a.slice();
      addRow(one, b);
      const other = b.slice();
      addRow(other, a);
      assert.deepEqual(one, other);
      const wanted = a.map((number, i) => number + (b[i] ?? 0));
      wanted[at.waitedMax] = Math.max(a[at.waitedMax] ?? 0, b[at.waitedMax] ?? 0);
      assert.deepEqual(one, wanted);
    }),
  );
});

test('of a worker that has ended nothing is open, and everything else stays', () => {
  fc.assert(
    fc.property(rows, row => {
      const closed = row.slice();
      closeRow(closed);
      assert.equal(closed[at.open], 0);
      assert.equal(closed[at.tunnels], 0);
      closed[at.open] = row[at.open] ?? 0;
      closed[at.tunnels] = row[at.tunnels] ?? 0;
      assert.deepEqual(closed, row);
    }),
  );
});
