import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../protocol/sample.ts';
import { History, mostPoints } from './history.ts';

/** A sample of one app at a moment, in seconds, after so many requests of 20 ms. */
function sampleAt(clock: number, requests: number, pid = 1): Sample {
  const program = { name: 'hello', app: 'hello', pid: 7, cpu_seconds: clock / 2, memory_bytes: 1000 };
  const site = {
    name: 'hello',
    requests,
    latency_ms: { count: requests, sum: requests * 20 },
    statuses: { '5xx': requests / 2 },
  };
  return { clock, hostd: { pid }, programs: [program], sites: [site] } as unknown as Sample;
}

test('two samples are a rate, and a time only where something was answered', () => {
  const history = new History();
  for (const [clock, requests] of [
    [0, 0],
    [10, 40],
    [20, 40],
  ] as const)
    history.add(sampleAt(clock, requests));
  const unknown = { cpu: null, requests: null, ms: null, failures: null, memory: 1000 };
  assert.deepEqual(history.of('hello'), [
    unknown,
    { memory: 1000, cpu: 0.5, requests: 4, ms: 20, failures: 2 },
    { memory: 1000, cpu: 0.5, requests: 0, ms: null, failures: 0 },
  ]);
  assert.deepEqual(history.of('other'), []);
});

test('another hostd counts from the beginning, and the memory is bounded and given back', () => {
  const history = new History();
  history.add(sampleAt(10, 100));
  history.add(sampleAt(20, 5, 2));
  assert.equal(history.of('hello').at(-1)?.requests, null);
  for (let i = 0; i < 1000; i++) history.add(sampleAt(30 + i, i, 2));
  assert.equal(history.of('hello').length, mostPoints);
  history.clear();
  assert.deepEqual(history.of('hello'), []);
});
