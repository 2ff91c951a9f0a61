import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeExit, formatUptime } from './view.ts';

test('an uptime reads as in supervisorctl', () => {
  assert.equal(formatUptime(7), '0:00:07');
  assert.equal(formatUptime(3599.9), '0:59:59');
  assert.equal(formatUptime(86400 + 7384), '1 day, 2:03:04');
  assert.equal(formatUptime(2 * 86400), '2 days, 0:00:00');
});

test('an exit is told by its status or its signal', () => {
  assert.equal(describeExit({ code: 3, signal: null }), 'exit status 3');
  assert.equal(describeExit({ code: null, signal: 'SIGKILL' }), 'ended by SIGKILL');
  assert.equal(describeExit({ code: null, signal: null }), 'ended');
  assert.equal(
    describeExit({ code: null, signal: 'SIGKILL', oom: 'memory_max 400M reached' }),
    'killed by the kernel: memory_max 400M reached',
  );
});
