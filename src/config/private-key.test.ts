import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { readPrivateKey } from './private-key.ts';

const pem = (label: string, der: Buffer) =>
  `-----BEGIN ${label}-----\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;

function kindOf(text: string): string | undefined {
  const key = readPrivateKey(text);
  return typeof key === 'string' ? key : key.asymmetricKeyType;
}

/** DER (X.690), with lengths of three bytes. */
function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const value = Buffer.concat(contents);
  const length = Buffer.from(value.length.toString(16).padStart(6, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x83]), length, value]);
}
const number = (value: Buffer) => tlv(2, Buffer.from([0]), value);
const long = (bytes: number) =>
  number(Buffer.concat([Buffer.from([0xc0]), randomBytes(bytes - 2), Buffer.from([1])]));
const zero = tlv(2, Buffer.from([0]));

test('keys of all usable kinds are read, in every form that tools write them in', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  const { privateKey: edwards } = generateKeyPairSync('ed25519');
  const { privateKey: pss } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  const text = { format: 'pem' } as const;
  for (const type of ['pkcs1', 'pkcs8'] as const)
    assert.equal(kindOf(`${rsa.export({ type, ...text })}`), 'rsa');
  for (const type of ['sec1', 'pkcs8'] as const)
    assert.equal(kindOf(`${ec.export({ type, ...text })}`), 'ec');
  assert.equal(kindOf(`${edwards.export({ type: 'pkcs8', ...text })}`), 'ed25519');
  assert.equal(kindOf(`${pss.export({ type: 'pkcs8', ...text })}`), 'rsa-pss');
  const withParameters = execFileSync('openssl', ['ecparam', '-name', 'secp384r1', '-genkey'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  assert.match(withParameters, /EC PARAMETERS/);
  assert.equal(kindOf(withParameters), 'ec');
  assert.equal(kindOf(withParameters.replaceAll('\n', '\r\n')), 'ec');
});

test('a key with a passphrase, and no key, are told from one that cannot serve', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const locked = { cipher: 'aes-256-cbc', passphrase: 'x', format: 'pem' } as const;
  assert.equal(kindOf(`${privateKey.export({ type: 'pkcs8', ...locked })}`), 'none');
  assert.equal(kindOf(`${privateKey.export({ type: 'sec1', ...locked })}`), 'none');
  assert.equal(kindOf(''), 'none');
  assert.equal(kindOf('-----BEGIN PRIVATE KEY-----\n'), 'none');
  const { privateKey: other } = generateKeyPairSync('x25519');
  assert.equal(kindOf(`${other.export({ type: 'pkcs8', format: 'pem' })}`), 'unusable');
});

test('numbers that take minutes to compute with are not computed with, whatever the file calls them', () => {
  const dsa = Buffer.from('06072a8648ce380401', 'hex');
  const dh = Buffer.from('06092a864886f70d010301', 'hex');
  const pkcs8 = (oid: Buffer, size: number) =>
    tlv(0x30, zero, tlv(0x30, oid, tlv(0x30, long(size), long(size), long(size))), tlv(4, long(size)));
  const rsa = tlv(0x30, zero, long(90_000), long(90_000), ...Array.from({ length: 6 }, () => zero));
  const begun = process.cpuUsage();
  for (const label of [
    'PRIVATE KEY',
    'RSA PRIVATE KEY',
    'EC PRIVATE KEY',
    'DSA PRIVATE KEY',
    'X9.42 DH PRIVATE KEY',
  ]) {
    for (const oid of [dsa, dh])
      for (const size of [2000, 40_000])
        assert.equal(kindOf(pem(label, pkcs8(oid, size))), 'unusable', label);
    assert.equal(kindOf(pem(label, rsa)), 'unusable', label);
  }
  // A private exponent of nine thousand bytes on an ordinary curve.
  const curve = tlv(0xa0, Buffer.from('06082a8648ce3d030107', 'hex'));
  kindOf(pem('EC PRIVATE KEY', tlv(0x30, tlv(2, Buffer.from([1])), tlv(4, randomBytes(9000)), curve)));
  const { user, system } = process.cpuUsage(begun);
  assert.ok(user + system < 2_000_000, `${(user + system) / 1000} ms`);
});

test('an RSA key whose primes are longer than its modulus is refused, in both of its forms', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const der = privateKey.export({ type: 'pkcs1', format: 'der' });
  assert.equal(kindOf(pem('RSA PRIVATE KEY', der)), 'rsa');
  const long5 = Array.from({ length: 5 }, () => long(400));
  const numbers = [zero, long(256), number(Buffer.from([1, 0, 1])), long(256), ...long5];
  const forged = tlv(0x30, ...numbers);
  assert.equal(kindOf(pem('RSA PRIVATE KEY', forged)), 'unusable');
  const algorithm = tlv(0x30, Buffer.from('06092a864886f70d0101010500', 'hex'));
  assert.equal(kindOf(pem('PRIVATE KEY', tlv(0x30, zero, algorithm, tlv(4, forged)))), 'unusable');
  const inOrder = tlv(0x30, ...numbers.slice(0, 4), ...Array.from({ length: 5 }, () => long(128)));
  assert.equal(kindOf(pem('RSA PRIVATE KEY', inOrder)), 'rsa');
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom('', '30', '3003', '300302', '30820100020100'),
      (bytes, head) => {
        kindOf(pem('PRIVATE KEY', Buffer.concat([Buffer.from(head, 'hex'), bytes])));
      },
    ),
  );
});
