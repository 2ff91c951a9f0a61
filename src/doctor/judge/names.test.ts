import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPrivate, judgeNames } from './names.ts';

const own = ['127.0.0.1', '203.0.113.7', '::1'];
const judge = (name: string, addresses: readonly string[], error: string | null = null, mine = own) =>
  judgeNames({ names: [{ name, addresses, error }], own: mine });

test('a name that leads here, to a private network, or to this machine behind NAT is right', () => {
  assert.deepEqual(judge('a.example.org', ['203.0.113.7']).findings, []);
  assert.deepEqual(judge('a.example.org', ['10.0.0.3']).findings, []);
  assert.deepEqual(judge('a.example.org', ['198.51.100.1'], null, ['127.0.0.1', '192.168.1.4']).findings, []);
});

test('a name that leads elsewhere is noted, since a proxy may be there', () => {
  const [found] = judge('a.example.org', ['198.51.100.1']).findings;
  assert.equal(found?.severity, 'note');
  assert.equal(found?.message, '"a.example.org" leads to 198.51.100.1, and this machine is 203.0.113.7');
});

test('a name that does not exist is a warning, unless it is reserved', () => {
  assert.equal(judge('a.example.org', [], 'ENOTFOUND').findings[0]?.severity, 'warning');
  for (const name of ['hello.test', 'hello.localhost', 'printer', 'nas.local', 'x.internal'])
    assert.deepEqual(judge(name, [], 'ENOTFOUND'), { findings: [], unseen: [] }, name);
});

test('without DNS nothing is wrong, and it is said', () => {
  const { findings, unseen } = judge('a.example.org', [], 'EAI_AGAIN');
  assert.deepEqual(findings, []);
  assert.equal(unseen[0]?.why, 'no DNS here: nobody says where "a.example.org" leads to (EAI_AGAIN)');
});

test('private addresses', () => {
  for (const address of [
    '127.0.0.53',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.9.9',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.1.1',
    '::1',
    'fd00::1',
    'fe80::1',
  ])
    assert.ok(isPrivate(address), address);
  for (const address of ['172.32.0.1', '8.8.8.8', '2001:db8::1', '100.128.0.1'])
    assert.ok(!isPrivate(address), address);
});
