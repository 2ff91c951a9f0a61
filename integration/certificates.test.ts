// An app names the files of its certificate; root reads them. With no more rights than the app has itself.

import assert from 'node:assert/strict';
import { chmodSync, chownSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { makeCertificates } from '../src/daemon/proxies/certificates.ts';
import type { Records } from '../src/daemon/runs/records.ts';
import type { Host } from '../src/model/host.ts';
import { type Account, needsRoot, testAccounts } from './harness/accounts.ts';
import { makePlace } from './harness/place.ts';
import { makePem } from './proxy/pem.ts';

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
  const certificates = makeCertificates(
    () => Promise.resolve(false),
    records,
    message => said.push(message),
  );
  const host = {
    sites: [{ name: 'tiny', certificate: files }],
    programs: [{ name: 'tiny', app: 'tiny', user: accounts.a.name }],
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
