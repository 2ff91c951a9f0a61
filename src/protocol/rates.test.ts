import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { processorShare, quantile, siteRates } from './rates.ts';
import type { ProgramSample, SiteSample } from './sample.ts';
import { at, boundsMs, describeRow, rowLength } from './traffic.ts';

function program(cpu_seconds: number | null, pid: number | null = 7): ProgramSample {
  return { cpu_seconds, pid } as ProgramSample;
}

function site(
  numbers: Partial<Record<keyof typeof at, number>>,
  buckets: Readonly<Record<number, number>> = {},
): SiteSample {
  const row = new Float64Array(rowLength);
  for (const [name, value] of Object.entries(numbers)) row[at[name as keyof typeof at]] = value;
  for (const [bucket, value] of Object.entries(buckets)) row[at.latency + Number(bucket)] = value;
  return describeRow('hello', row) as SiteSample;
}

test('a share is what was used since, and another run has begun at nothing', () => {
  assert.equal(processorShare(program(10), program(13), 2), 1.5);
  assert.equal(processorShare(program(10), program(1, 8), 2), 0.5);
  assert.equal(processorShare(program(null), program(1), 2), 0.5);
  assert.equal(processorShare(undefined, program(1), 2), null);
  assert.equal(processorShare(program(10), program(null), 2), null);
  assert.equal(processorShare(program(10), program(13), 0), null);
});

test('rates are of what has come since, and times of these answers alone', () => {
  const before = site({ requests: 100, received: 5 }, { 0: 100 });
  const after = site({ requests: 110, received: 25 }, { 0: 100, 3: 9, 6: 1 });
  const rates = siteRates(before, after, 2) ?? assert.fail();
  assert.deepEqual([rates.requests, rates.received, rates.errors], [5, 10, 0]);
  assert.ok((rates.p50 ?? 0) > 5 && (rates.p50 ?? 0) < 10, `${rates.p50}`);
  assert.ok((rates.p95 ?? 0) > 50 && (rates.p95 ?? 0) <= 100, `${rates.p95}`);
  assert.equal(siteRates(after, after, 2)?.p95, null);
  assert.equal(siteRates(undefined, after, 2), null);
});

test('counters that begin anew count from nothing', () => {
  const rates =
    siteRates(site({ requests: 100 }, { 0: 100 }), site({ requests: 4 }, { 4: 4 }), 2) ?? assert.fail();
  assert.equal(rates.requests, 2);
  assert.ok((rates.p50 ?? 0) > 10);
});

test('a share of the times lies below its quantile, in the bucket that has it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(100), { minLength: boundsMs.length + 1, maxLength: boundsMs.length + 1 }),
      fc.constantFrom(0.5, 0.95, 1),
      (counts, share) => {
        const names = [...boundsMs.map(String), '+inf'];
        const found = quantile(
          { buckets: Object.fromEntries(names.map((name, i) => [name, counts[i] ?? 0])) },
          share,
        );
        const all = counts.reduce((sum, count) => sum + count, 0);
        if (all === 0) return assert.equal(found, null);
        const upTo = (ms: number) =>
          counts.reduce(
            (sum, count, i) => sum + ((boundsMs[i] ?? Number.POSITIVE_INFINITY) <= ms ? count : 0),
            0,
          );
        const upper = boundsMs.find(bound => bound >= (found ?? 0)) ?? Number.POSITIVE_INFINITY;
        assert.ok(upTo(upper) >= share * all - 1e-6);
      },
    ),
  );
});

test('what is beyond the last bound is longer than can be told', () => {
  assert.equal(quantile({ buckets: { '+inf': 3 } }, 0.5), Number.POSITIVE_INFINITY);
});
