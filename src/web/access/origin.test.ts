import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isForeign, isOwnHost } from './origin.ts';

test('addresses, localhost and the names of the configuration are ours, and no other name', () => {
  const names = ['ops.test', '*.ops.example'];
  for (const host of [
    '127.0.0.1:9001',
    '10.1.2.3',
    '[::1]:9001',
    'localhost:8080',
    'LOCALHOST.',
    'hostd.localhost',
    'Ops.Test',
    'a.ops.example:443',
  ])
    assert.equal(isOwnHost(host, names), true, host);
  for (const host of [
    undefined,
    '',
    'evil.test',
    'ops.test.evil.test',
    'ops.example',
    'localhost.evil.test',
    'x@127.0.0.1',
    '127.0.0.1/x',
    '127.0.0.1:99999999',
    '127.0.0.1.evil.test',
    '[::1',
    '[evil]',
    'a b',
  ])
    assert.equal(isOwnHost(host, names), false, host);
});

const post = (fields: Record<string, string>) =>
  isForeign({ method: 'POST', isSecure: false, fields: { host: '127.0.0.1:9001', ...fields } });
const get = (fields: Record<string, string>) =>
  isForeign({ method: 'GET', isSecure: false, fields: { host: '127.0.0.1:9001', ...fields } });

test('a form of another page is foreign, also one on another port of this machine', () => {
  assert.equal(post({ origin: 'http://127.0.0.1:9001' }), false);
  assert.equal(post({ origin: 'http://127.0.0.1:9001', 'sec-fetch-site': 'same-origin' }), false);
  assert.equal(post({}), false, 'a program');
  assert.equal(post({ origin: 'http://127.0.0.1:8000' }), true);
  assert.equal(post({ origin: 'http://evil.test' }), true);
  assert.equal(post({ origin: 'null' }), true);
  assert.equal(post({ origin: 'http://127.0.0.1:9001.evil.test' }), true);
  assert.equal(post({ 'sec-fetch-site': 'cross-site' }), true);
  assert.equal(post({ 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:9001' }), true);
});

test('a link of another page leads here; its images and scripts do not', () => {
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  assert.equal(get(link), false);
  assert.equal(get({ ...link, 'sec-fetch-dest': 'iframe' }), true);
  assert.equal(get({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }), true);
  assert.equal(get({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }), false);
  assert.equal(get({}), false);
});

test('who comes by https is sent nothing by the same name without it', () => {
  const post = (origin: string) =>
    isForeign({ method: 'POST', isSecure: true, fields: { host: 'ops.test', origin } });
  assert.equal(post('https://ops.test'), false);
  assert.equal(post('http://ops.test'), true);
  assert.equal(post('https://other.test'), true);
});
