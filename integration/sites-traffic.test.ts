// The counters of the sites in hostd: over workers, generations of workers and their crashes.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { ask } from '../scripts/http.ts';
import type { SiteTraffic } from '../src/protocol/control.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';

const roundMs = { every: 200 };

test('a next hostd goes on with what the workers of one that was killed have counted', async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { account });
  const first = await startHostd(place, { apps: [app] });
  const requests = async (hostd: Hostd) => {
    const { text } = await ask({
      to: { socketPath: hostd.socket },
      host: 'hostd',
      path: '/v1/sites?name=tiny',
    });
    return (JSON.parse(text) as SiteTraffic[])[0]?.requests;
  };
  await first.get(app.host, '/whoami');
  const { pid } = await first.state('hostd-proxy', 'RUNNING');
  await first.kill9();
  await first.get(app.host, '/whoami');
  const next = await first.again();
  assert.equal((await next.state('hostd-proxy', 'RUNNING')).pid, pid, 'the same worker');
  await until('both to be counted', async () => (await requests(next)) === 2, roundMs);
  await next.get(app.host, '/whoami');
  await until('the third', async () => (await requests(next)) === 3, roundMs);
  // Its counts stay when it has gone.
  process.kill(pid ?? 0, 'SIGKILL');
  await until(
    'another worker',
    async () => (await next.state('hostd-proxy', 'RUNNING')).pid !== pid,
    roundMs,
  );
  assert.equal(await requests(next), 3);
  assert.deepEqual(
    readdirSync(`${place.dir}/run/notes`).filter(name => name.endsWith('.sites')).length,
    1,
    'one note for one live worker',
  );
  assert.equal(await next.stop(), 0);
});

test('GET /v1/sites adds up what the workers tell, through kill -9 of one and a new generation', {}, async t => {
  const place = makePlace(t);
  const accounts = isRoot ? await testAccounts() : { a: self(), b: self() };
  const one = await tinyApp(place, { name: 'one', account: accounts.a });
  const two = await tinyApp(place, { name: 'two', account: accounts.b });
  const hostd = await startHostd(place, { apps: [one, two] });
  const socketPath = `${place.dir}/run/hostd.sock`;
  const get = (query = '') => ask({ to: { socketPath }, host: 'hostd', path: `/v1/sites${query}` });
  const sites = async (): Promise<SiteTraffic[]> => JSON.parse((await get()).text);
  const numbers = async () =>
    Object.fromEntries((await sites()).map(({ name, requests }) => [String(name), requests]));

  assert.deepEqual(await numbers(), { one: 0, two: 0, null: 0 });
  for (let i = 0; i < 5; i++) await hostd.get(one.host, '/whoami');
  await hostd.get(two.host, '/status?c=500');
  await hostd.get('nobody.test');
  const first = { one: 5, two: 1, null: 1 };
  await until('the worker to tell', async () => (await numbers())['one'] === 5, roundMs);
  assert.deepEqual(await numbers(), first);
  const reply = await get('?name=two');
  const [only, ...others]: SiteTraffic[] = JSON.parse(reply.text);
  assert.deepEqual(others, []);
  assert.equal(only?.name, 'two');
  assert.equal(only?.statuses['5xx'], 1);
  assert.equal(only?.latency_ms.count, 1);
  assert.equal((await get('?name=nobody')).status, 404);

  const worker = await hostd.state('hostd-proxy', 'RUNNING');
  process.kill(worker.pid ?? 0, 'SIGKILL');
  await until('the next worker', async () =>
    (await hostd.status()).some(p => p.name === 'hostd-proxy' && p.run === 2 && p.state === 'RUNNING'),
  );
  assert.deepEqual(await numbers(), first, 'its last word stays');
  for (let i = 0; i < 3; i++) await hostd.get(one.host, '/whoami');

  // The old generation tells a last round when it ends, and the site that is gone is forgotten.
  const file = `${place.dir}/etc/apps.d/two.toml`;
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, '');
  assert.equal((await hostd.hostctl('update')).code, 0);
  await until('the last word of the old worker', async () => (await numbers())['one'] === 8, roundMs);
  assert.deepEqual(await numbers(), { one: 8, null: 1 });
  assert.equal((await get('?name=two')).status, 404);
  writeFileSync(file, text);
  assert.equal((await hostd.hostctl('update')).code, 0);
  assert.deepEqual(await numbers(), { one: 8, two: 0, null: 1 });
});
