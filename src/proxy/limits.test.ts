import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits, limitsFrom } from './limits.ts';

test('without a word from outside the limits are the usual ones', () => {
  assert.deepEqual(limitsFrom({}), defaultLimits);
});

test('the drain time and any limit can be set, and a mistake is told', () => {
  assert.equal(limitsFrom({ HOSTD_DRAIN_SECONDS: '5' }).drainMs, 5000);
  assert.equal(limitsFrom({ HOSTD_PROXY_LIMITS: '{"idleMs": 1}' }).idleMs, 1);
  assert.throws(() => limitsFrom({ HOSTD_DRAIN_SECONDS: 'soon' }), /"soon" is not a number/);
  assert.throws(() => limitsFrom({ HOSTD_PROXY_LIMITS: '{"idle": 1}' }), /"idle" is not a limit/);
});
