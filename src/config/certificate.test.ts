import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { pairOf, validUntil } from './certificate.ts';

function pairProblem(certificate: string, key: string): string | null {
  const pair = pairOf(certificate, key);
  return typeof pair === 'string' ? pair : null;
}

function makePair(): { readonly certificate: string; readonly key: string } {
  const directory = mkdtempSync(`${tmpdir()}/hostd-pair-`);
  try {
    const out = ['-keyout', `${directory}/key`, '-out', `${directory}/cert`];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...kind, '-subj', '/CN=a.test', ...out], { stdio: 'ignore' });
    const read = (name: string) => readFileSync(`${directory}/${name}`, 'latin1');
    return { certificate: read('cert'), key: read('key') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('a certificate serves with its own key, and the problem names what does not fit', () => {
  const [one, other] = [makePair(), makePair()];
  assert.equal(pairProblem(one.certificate, one.key), null);
  assert.equal(pairProblem(one.certificate + other.certificate, one.key), null, 'a chain follows');
  assert.match(pairProblem(one.certificate, other.key) ?? '', /belongs to another certificate/);
  assert.match(pairProblem(one.certificate.slice(0, 100), one.key) ?? '', /no PEM certificate/);
  assert.match(pairProblem(one.certificate, '') ?? '', /no PEM private key/);
  assert.match(pairProblem(one.key, one.certificate) ?? '', /no PEM certificate/);
});

test('the end of its validity is known', () => {
  const days = (validUntil(makePair().certificate) - Date.now()) / 86_400_000;
  assert.ok(days > 1.9 && days < 2.1, String(days));
  assert.ok(Number.isNaN(validUntil('no certificate')));
});

test('what is handed on is the certificate and the key, and nothing else that was in their files', () => {
  const { certificate, key } = makePair();
  const other = 'a password\n-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n';
  const pair = pairOf(certificate, `${other}${certificate}${key}${other}`);
  assert.ok(typeof pair !== 'string');
  assert.equal(pair.certificate, certificate);
  assert.match(pair.key, /^-----BEGIN PRIVATE KEY-----\n[\w+/=\n]+-----END PRIVATE KEY-----\n$/);
  assert.deepEqual(pairOf(pair.certificate, pair.key), pair);
});
