import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parseCpuStat,
  parseProcessorTime,
  parseResident,
  processorTime,
  residentMemory,
} from './process-use.ts';

test('times are found behind any command name', () => {
  const text =
    '42 (a) b (c) S 7 42 42 0 -1 4194560 2096 5000 0 9 150 50 30 20 20 0 1 0 4567 10000000 2000 18446744073709551615';
  assert.deepEqual(parseProcessorTime(text), { parent: 7, own: 2, ended: 0.5 });
  assert.equal(parseProcessorTime('42 (x) S 7'), null);
});

test('memory is what is resident without files', () => {
  assert.equal(parseResident('10000 2500 500 1 0 900 0\n', 4096), 2000 * 4096);
  assert.equal(parseResident('10000 5 500 1 0 900 0\n', 4096), 0);
  assert.equal(parseResident('', 4096), null);
});

test("a cgroup's processor time has microseconds", () => {
  assert.equal(parseCpuStat('usage_usec 1500000\nuser_usec 1\nsystem_usec 2\n'), 1.5);
  assert.equal(parseCpuStat('user_usec 1\n'), null);
});

test('this process has used something, and one that does not exist has not', () => {
  const time = processorTime(process.pid);
  assert.ok(time !== null && time.own > 0 && time.parent === process.ppid);
  const memory = residentMemory(process.pid) ?? 0;
  assert.ok(memory > 1e6 && memory <= process.memoryUsage.rss() * 2, `${memory}`);
  assert.equal(processorTime(2 ** 22 + 1), null);
  assert.equal(residentMemory(2 ** 22 + 1), null);
});
