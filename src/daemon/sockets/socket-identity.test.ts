import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SocketName } from '../../native/index.ts';
import { fits } from './socket-identity.ts';

const unix = (address: string): SocketName => ({ domain: 'unix', address, port: 0, stream: 1, accepts: 1 });
const tcp = (domain: 'inet' | 'inet6', address: string): SocketName => ({
  domain,
  address,
  port: 80,
  stream: 1,
  accepts: 1,
});

test('a listener fits the key that it was made for, and no other', () => {
  assert.ok(fits(unix('/webapps/a/run/a.sock'), '/webapps/a/run/a.sock'));
  assert.ok(fits(unix('/proc/self/fd/23/a.sock'), '/webapps/a/run/a.sock'));
  assert.ok(fits(tcp('inet', '0.0.0.0'), '0.0.0.0:80'));
  assert.ok(fits(tcp('inet6', '::'), '[::]:80'));
  assert.ok(fits(tcp('inet6', '2001:db8::1'), '[2001:DB8:0::1]:80'));
  for (const [name, key] of [
    [unix('0.0.0.0:80'), '0.0.0.0:80'],
    [unix('run/a.sock'), '/webapps/a/run/a.sock'],
    [unix('/proc/self/fd/23/../a.sock'), '/webapps/a/run/a.sock'],
    [unix('/proc/self/fd/23/b.sock'), '/webapps/a/run/a.sock'],
    [unix(''), ''],
    [tcp('inet', '127.0.0.1'), '0.0.0.0:80'],
    [tcp('inet6', '::1'), '[::]:80'],
    [tcp('inet6', '::'), '[::]:8080'],
    [tcp('inet', '0.0.0.0'), '[::]:80'],
  ] as const)
    assert.ok(!fits(name, key), `${name.address} ${key}`);
});

test('what does not listen, or is no stream, fits nothing', () => {
  assert.ok(!fits({ ...unix('/a'), accepts: 0 }, '/a'));
  assert.ok(!fits({ ...unix('/a'), stream: 0 }, '/a'));
  assert.ok(!fits({ ...unix('/a'), domain: '' }, '/a'));
});
