// One site never holds another: while one loads slowly, or waits for a database that is not there, the others are served, at boot
// and at an update.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { writeApp } from './harness/write-app.ts';

async function sites(t: TestContext) {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const good = await tinyApp(place, { name: 'good', account });
  const slow = await tinyApp(place, {
    name: 'slow',
    account,
    source: 'import time; time.sleep(600)\n',
    keys: { stopwaitsecs: 1 },
  });
  const needy = await tinyApp(place, {
    name: 'needy',
    account,
    keys: { requires: [`127.0.0.1:${await freePort()}`] },
  });
  return { place, good, slow, needy };
}

test('a site is served at boot while others load slowly or wait for what they require', async t => {
  const { place, good, slow, needy } = await sites(t);
  const starting = startHostd(place, { apps: [good, slow, needy] });
  const hostd = await starting;
  assert.equal((await hostd.get(good.host)).status, 200);
  const list = await hostd.status();
  const states = Object.fromEntries(list.map(({ name, state }) => [name, state]));
  assert.deepEqual(states, {
    good: 'RUNNING',
    slow: 'STARTING',
    needy: 'STARTING',
    'hostd-proxy': 'RUNNING',
  });
  assert.match(hostd.output(), /ready: 2 of 4 programs are running/);
});

test('an update gives one site its new name while another one does not get up', async t => {
  const { place, good, slow, needy } = await sites(t);
  const hostd = await startHostd(place, { apps: [good] });
  writeApp(place, slow);
  writeApp(place, needy);
  writeApp(place, { ...good, table: { ...good.table, server_names: ['good.test', 'new.test'] } });
  const update = hostd.hostctl('update');
  await until('the new name', async () => (await hostd.get('new.test')).status === 200);
  const states = await hostd.status();
  assert.ok(states.some(({ name, state }) => name === 'slow' && state === 'STARTING'));
  await hostd.hostctl('stop', 'slow', 'needy');
  await update;
});
