import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from './source.ts';

test('an IPv4 address is a source, and a /64 of IPv6 addresses is one together', () => {
  assert.equal(networkOf('10.0.0.7'), '10.0.0.7');
  assert.equal(networkOf('::ffff:10.0.0.7'), '10.0.0.7');
  assert.equal(networkOf('2001:db8:0:1::5'), '2001:db8:0:1::/64');
  assert.equal(networkOf('2001:db8:0:1:2:3:4:5'), '2001:db8:0:1::/64');
  assert.equal(networkOf('2001:db8::5'), '2001:db8:0:0::/64');
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
});
