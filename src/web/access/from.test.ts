import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { makeFrom } from './from.ts';

const from = makeFrom({ trustedProxies: ['10.0.0.0/8', '127.0.0.1'], proxyUids: [0, 33] });

function ask(remoteAddress: string, headers: Record<string, string>) {
  const { source, isSecure } = from({ socket: { remoteAddress }, headers } as unknown as IncomingMessage);
  return [source, isSecure];
}

test('a proxy that is trusted speaks for its clients, and nobody else does', () => {
  const claims = { 'x-forwarded-for': '192.0.2.1, 198.51.100.7, 10.0.0.9', 'x-forwarded-proto': 'https' };
  assert.deepEqual(ask('10.0.0.1', claims), ['198.51.100.7', true]);
  assert.deepEqual(ask('::ffff:10.0.0.1', claims), ['198.51.100.7', true]);
  assert.deepEqual(ask('192.0.2.9', claims), ['192.0.2.9', false]);
  assert.deepEqual(ask('10.0.0.1', { 'x-forwarded-for': '2001:db8:1:2:3::4' }), ['2001:db8:1:2::/64', false]);
  assert.deepEqual(ask('10.0.0.1', {}), ['10.0.0.1', false]);
  assert.deepEqual(ask('10.0.0.1', { 'x-forwarded-for': 'nonsense' }), ['10.0.0.1', false]);
});

test('over loopback a process of nobody’s is no proxy, and what is said of loopback is the last word', () => {
  const claims = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' };
  assert.deepEqual(ask('127.0.0.1', claims), ['this machine', false]);
  assert.deepEqual(ask('10.0.0.1', { 'x-forwarded-for': '192.0.2.1, 127.0.0.1' }), ['127.0.0.1', false]);
});
