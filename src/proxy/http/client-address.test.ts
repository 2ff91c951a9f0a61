import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressBehind, type Client, clientBehind, trustedAmong, unmapped } from './client-address.ts';

const isTrusted = trustedAmong(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);
const behind = (forwardedFor: string): string => addressBehind('10.0.0.1', forwardedFor, isTrusted);

test('a block, an address, and IPv4 in either spelling are trusted, and nothing else', () => {
  for (const address of ['10.0.0.0', '10.255.255.255', '192.0.2.7', '2001:db8::1', '::ffff:10.1.2.3'])
    assert.equal(isTrusted(address), true, address);
  for (const address of [
    '11.0.0.0',
    '192.0.2.8',
    '2001:db9::1',
    '::1',
    'fe80::1%eth0',
    'unknown',
    '',
    '10.1',
  ])
    assert.equal(isTrusted(address), false, address);
  assert.equal(trustedAmong(['fe80::/10'])('fe80::1%eth0'), true);
  assert.equal(trustedAmong([])('127.0.0.1'), false);
  assert.equal(trustedAmong(['0.0.0.0/0'])('8.8.8.8'), true);
});

test('the client is the rightmost address that is not trusted', () => {
  assert.equal(behind('203.0.113.9'), '203.0.113.9');
  assert.equal(behind('1.1.1.1, 203.0.113.9, 10.0.0.5'), '203.0.113.9');
  assert.equal(behind('203.0.113.9,2001:db8::5 ,192.0.2.7'), '203.0.113.9');
  assert.equal(behind('10.0.0.9, 10.0.0.5'), '10.0.0.9');
  assert.equal(behind(''), '10.0.0.1');
  assert.equal(behind(' , 203.0.113.9 , ,'), '203.0.113.9');
});

test('ports, brackets and spellings of one address do not matter', () => {
  assert.equal(behind('203.0.113.9:4711'), '203.0.113.9');
  assert.equal(behind('[2001:DB9::1]:443, 10.0.0.2:80'), '2001:db9::1');
  assert.equal(behind('[2001:db9::1]'), '2001:db9::1');
  assert.equal(behind('2001:db9:0:0:0:0:0:1'), '2001:db9::1');
  assert.equal(behind('::ffff:203.0.113.9'), '203.0.113.9');
  assert.equal(behind('203.0.113.9, ::ffff:a00:5'), '203.0.113.9');
});

test('what is no address ends the search at the last one that was', () => {
  for (const wrong of [
    'unknown',
    '_hidden',
    '1.2.3',
    '1.2.3.4:x',
    '[::1',
    'fe80::1%eth0',
    '01.2.3.4',
    'a b',
  ]) {
    assert.equal(behind(wrong), '10.0.0.1', wrong);
    assert.equal(behind(`1.1.1.1, ${wrong}, 10.0.0.5`), '10.0.0.5', wrong);
  }
});

test('nothing that a client sends can stand in front of what a trusted proxy added', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), fc.ipV4(), (sent, address) => {
      fc.pre(!isTrusted(address));
      assert.equal(behind(`${sent}, ${address}`), address);
    }),
  );
});

test('whatever comes, the client is an address that is safe to log and to say again', () => {
  const member = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constantFrom('10.0.0.1', '[::1]:80', ''));
  fc.assert(
    fc.property(fc.array(member), members => {
      const address = behind(members.join(','));
      assert.notEqual(isIP(address), 0);
      assert.match(address, /^[0-9a-f:.]+$/);
      assert.equal(unmapped(address), address);
    }),
  );
});

const peer: Client = { address: '10.0.0.1', secure: false, port: 8080 };

test('a trusted peer says the scheme, and then the port of this connection is nobody’s concern', () => {
  const claim = (forwardedProto: string | null): Client =>
    clientBehind(peer, { forwardedFor: '203.0.113.9', forwardedProto }, isTrusted);
  assert.deepEqual(claim('https'), { address: '203.0.113.9', secure: true, port: null });
  assert.deepEqual(claim(' HTTP '), { address: '203.0.113.9', secure: false, port: null });
  for (const other of [null, '', 'ftp', 'https, http'])
    assert.deepEqual(claim(other), { address: '203.0.113.9', secure: false, port: 8080 });
  assert.deepEqual(clientBehind(peer, { forwardedFor: null, forwardedProto: null }, isTrusted), peer);
});
