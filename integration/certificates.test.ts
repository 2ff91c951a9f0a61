// An app names the files of its certificate; root reads them. With no more rights than the app has itself.

import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync } from 'node:fs';
import { mock, type TestContext, test } from 'node:test';
import { makeCertificates } from '../src/daemon/proxies/certificates.ts';
import type { Records } from '../src/daemon/runs/records.ts';
import type { Host } from '../src/model/host.ts';
import { type Account, needsRoot, self, testAccounts } from './harness/accounts.ts';
import { makePlace } from './harness/place.ts';
import { makePem, makePemBetween } from './proxy/pem.ts';

const skip = needsRoot;

/** Whether the site of an app of `a`'s is served with a pair whose key is this user's, of mode 0600. */
async function isServed(t: TestContext, owner: (accounts: { a: Account; b: Account }) => number) {
  const place = makePlace(t);
  const accounts = await testAccounts();
  const directory = place.directory('keys');
  makePem(directory, 'tiny.test');
  const files = { certificate: `${directory}/test.pem`, key: `${directory}/test.key` };
  chmodSync(files.key, 0o600);
  chownSync(files.key, owner(accounts), 0);
  const said: string[] = [];
  const records = { pairs: () => new Map(), setPair: () => {} } as unknown as Records;
  const certificates = makeCertificates(() => Promise.resolve(false), records, {
    warn: message => said.push(message),
    tell: () => {},
  });
  const host = {
    sites: [{ name: 'tiny', serverNames: ['tiny.test'], redirectFrom: [], certificate: files }],
    programs: [{ name: 'tiny', app: 'tiny', user: accounts.a.name }],
    resting: [],
  } as unknown as Host;
  certificates.keep(host);
  return { served: certificates.read(host).has('tiny'), said: said.join('\n') };
}

test('an app’s own key is read', { skip }, async t => {
  assert.deepEqual(await isServed(t, ({ a }) => a.uid), { served: true, said: '' });
});

test('so is root’s, as certbot makes it', { skip }, async t => {
  assert.deepEqual(await isServed(t, () => 0), { served: true, said: '' });
});

test('another user’s key is not, although root could', { skip }, async t => {
  const { served, said } = await isServed(t, ({ b }) => b.uid);
  assert.equal(served, false);
  assert.match(said, /"tiny": cannot open ".*test\.key"/);
});

const day = 86_400_000;

/** One site, "tiny" for tiny.test, whose files are replaced by `use`; `moment` is what the clock says. */
function watchedSite(t: TestContext) {
  const place = makePlace(t);
  const directory = place.directory('keys');
  const start = Date.now();
  const clock = { now: start };
  const kept = new Map<string, { certificate: string; key: string }>();
  const records = {
    pairs: () => kept,
    setPair: (site: string, pair: { certificate: string; key: string }) => void kept.set(site, pair),
  } as unknown as Records;
  const said: string[] = [];
  let renewals = 0;
  const site = { name: 'tiny', serverNames: ['tiny.test'], redirectFrom: [] };
  const host = {
    sites: [{ ...site, certificate: { certificate: `${directory}/live.pem`, key: `${directory}/live.key` } }],
    programs: [{ name: 'tiny', app: 'tiny', user: self().name }],
    resting: [],
  } as unknown as Host;
  const open = () => {
    const made = makeCertificates(
      async () => {
        renewals += 1;
        made.keep(host);
        return false;
      },
      records,
      { warn: message => said.push(message), tell: () => {} },
      () => clock.now,
    );
    return made;
  };
  return {
    host,
    clock,
    start,
    open,
    renewals: () => renewals,
    /** The pair that is noted for a next hostd. */
    keep: (pair: { certificate: string; key: string }) => void kept.set('tiny', pair),
    /** What was said since the last question. */
    heard: () => said.splice(0).join('\n'),
    /** Days from now. */
    use(name: string, days: readonly [number, number], ...hosts: string[]) {
      const time = days.map(n => start + n * day) as [number, number];
      const files = makePemBetween(directory, name, time, ...hosts);
      copyFileSync(files.certificate, `${directory}/live.pem`);
      copyFileSync(files.key, `${directory}/live.key`);
    },
  };
}

test('a certificate that no client would take never replaces a good one, also after a restart of hostd', t => {
  const { host, open, use, heard, keep, clock } = watchedSite(t);
  let certificates = open();
  use('good', [-10, 80], 'tiny.test');
  certificates.keep(host);
  const noted = certificates.read(host).get('tiny') ?? assert.fail();
  const good = noted.certificate;
  assert.equal(heard(), '');
  for (const [days, name, fault] of [
    [[-100, -1], 'tiny.test', /its certificate is valid no more since \d{4}-\d\d-\d\d \(.*live\.pem\)/],
    [[-10, 80], 'other.test', /its certificate is for other\.test, and not for tiny\.test \(.*live\.pem\)/],
    [[2, 80], 'tiny.test', /its certificate is not valid before \d{4}-\d\d-\d\d/],
  ] as const) {
    use('bad', days, name);
    certificates.keep(host);
    certificates.keep(host);
    const words = heard();
    assert.match(words, fault);
    assert.match(words, /; the one before serves on\n {2}try: certbot renew$/, 'once');
    assert.equal(certificates.read(host).get('tiny')?.certificate, good);
    assert.match(certificates.states().get('tiny')?.fault ?? '', fault);
    certificates = open();
    assert.equal(certificates.read(host).get('tiny')?.certificate, good);
  }
  keep({ certificate: good, key: 'what an earlier hostd took for a key' });
  assert.equal(open().read(host).get('tiny')?.key.includes('earlier'), false, 'what is noted is judged too');
  keep(noted);
  certificates.keep(host);
  heard();
  clock.now += 3 * day;
  certificates.keep(host);
  assert.notEqual(certificates.read(host).get('tiny')?.certificate, good, 'its time has come');
  assert.equal(certificates.states().get('tiny')?.fault, null);
});

test('without a better one an expired certificate is served, as by nginx, and said', t => {
  const { host, open, use, heard } = watchedSite(t);
  const certificates = open();
  use('late', [-100, -1], 'tiny.test');
  certificates.keep(host);
  assert.ok(certificates.read(host).has('tiny'));
  assert.match(heard(), /valid no more since .*; there is no better one\n {2}try: certbot renew/);
});

test('the end of a certificate is said 30, 14 and 3 days before and when it has come, by one timer', async t => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { host, open, use, heard, clock, start, renewals } = watchedSite(t);
  use('good', [-10, 40], 'tiny.test');
  open().keep(host);
  assert.equal(heard(), '');
  const said: string[] = [];
  for (let hour = 1; hour <= 41 * 24; hour++) {
    clock.now = start + hour * 3_600_000;
    mock.timers.tick(3_600_000);
    const words = heard();
    if (words !== '') said.push(`${Math.floor(hour / 24)}: ${words}`);
  }
  assert.equal(said.length, 4, said.join('\n'));
  assert.match(said[0] ?? '', /^10: "tiny": its certificate ends in 29 days, on .*\n {2}try: certbot renew$/);
  assert.match(said[1] ?? '', /^26: "tiny": its certificate ends in 13 days/);
  assert.match(said[2] ?? '', /^37: "tiny": its certificate ends in 2 days/);
  assert.match(said[3] ?? '', /^40: "tiny": its certificate is valid no more/);
  assert.ok(renewals() <= 6, `${renewals()} looks`);
});
