import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { describeEnd, factsOf, faultOf, nextMoment, pairOf, uncovered, warningOf } from './certificate.ts';

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

const day = 86_400_000;
const facts = { from: 100 * day, until: 190 * day, names: ['a.test', '*.b.test'] };

test('what a certificate says of its time and names is read from it', () => {
  const { certificate } = makePair();
  const { from, until, names } = factsOf(certificate) ?? { from: 0, until: 0, names: [] };
  assert.ok(until - from > 1.9 * day && until - from < 2.1 * day, `${until - from}`);
  assert.deepEqual(names, ['a.test']);
  assert.equal(factsOf('no certificate'), null);
});

test('a certificate has a fault when no client would take it: by its time, or for none of the hosts', () => {
  assert.equal(faultOf(facts, ['a.test', 'www.a.test'], 150 * day), null);
  assert.equal(faultOf(facts, ['x.b.test'], 150 * day), null);
  assert.equal(faultOf(facts, [], 150 * day), null);
  assert.equal(faultOf(facts, ['a.test'], 190 * day), 'its certificate is valid no more since 1970-07-10');
  assert.equal(faultOf(facts, ['a.test'], 99 * day), 'its certificate is not valid before 1970-04-11');
  for (const host of ['b.test', 'x.y.b.test', 'c.test'])
    assert.equal(
      faultOf(facts, [host], 150 * day),
      `its certificate is for a.test and others, and not for ${host}`,
    );
  assert.deepEqual(uncovered(facts.names, ['a.test', 'www.a.test', 'x.b.test']), ['www.a.test']);
});

test('the end is told 30, 14 and 3 days before, and there is a next moment until it has come', () => {
  const before = (days: number) => facts.until - days * day;
  const stages = [31, 30, 29, 14, 13, 3, 2, 0, -1].map(days => warningOf(facts, before(days)));
  assert.deepEqual(stages, [null, 30, 30, 14, 14, 3, 3, null, null]);
  const next = [99, 40, 30, 20, 4, 3, 0].map(days => nextMoment(facts, before(days)));
  assert.deepEqual(next, [facts.from, before(30), before(14), before(14), before(3), before(0), null]);
  assert.equal(describeEnd(facts, before(13)), 'ends in 13 days, on 1970-07-10');
  assert.equal(describeEnd(facts, before(1)), 'ends in 24 hours, on 1970-07-10');
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
