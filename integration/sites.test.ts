// Real Django sites, old and new, two users at once, through the proxy as visitors see them.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifySite } from '../scripts/verify.ts';
import { testAccounts } from './harness/accounts.ts';
import { djangoApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';

/** Whether a stream of half a minute has brought something before its end. */
function comesBeforeItsEnd(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const path = '/sse?n=100&s=0.3';
    const asked = request({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, answer => {
      answer.once('data', async () => {
        await sleep(100);
        resolve(!answer.complete);
        asked.destroy();
      });
      answer.on('error', () => {});
    });
    asked.on('error', reject);
    asked.end();
  });
}

for (const vintage of ['recent', 'old'] as const) {
  const skip = needsVirtualenv(vintage);

  test(`two Django sites of two users take forms and uploads and serve their files (${vintage} Django)`, {
    skip,
  }, async t => {
    const place = makePlace(t);
    const { a, b } = await testAccounts();
    const keys = { health: '/healthz' };
    const hello = await djangoApp(place, 'hello', { account: a, vintage, keys });
    const goodbye = await djangoApp(place, 'goodbye', { account: b, vintage, keys });
    const hostd = await startHostd(place, { apps: [hello, goodbye] });
    await hostd.state('hello', 'RUNNING');
    await hostd.state('goodbye', 'RUNNING');
    for (const [name, account] of [['hello', a] as const, ['goodbye', b] as const]) {
      const to = { port: hostd.port };
      await verifySite({ name, to, host: `${name}.test`, uid: account.uid, files: true });
      const style = await hostd.get(`${name}.test`, '/static/admin/css/base.css');
      assert.equal(style.status, 200, 'the admin has its stylesheet');
    }
    assert.equal(await hostd.stop(), 0);
  });

  test(`a Django site under ASGI sends each event when it happens (${vintage} Django)`, { skip }, async t => {
    const place = makePlace(t);
    const { a } = await testAccounts();
    const keys = { wsgi: 'hello.asgi', worker_class: virtualenv(vintage).asgiWorker };
    const app = await djangoApp(place, 'hello', { account: a, vintage, keys });
    const hostd = await startHostd(place, { apps: [app] });
    await hostd.state('hello', 'RUNNING');
    const to = { port: hostd.port };
    await verifySite({ name: 'hello', to, host: app.host, uid: a.uid, files: true });
    // Django before 4.2 gathers the whole stream first under ASGI.
    if (vintage === 'old') return;
    assert.ok(await comesBeforeItsEnd(hostd.port, app.host));
  });

  test(`a Django site under WSGI sends each event when it happens (${vintage} Django)`, { skip }, async t => {
    const place = makePlace(t);
    const { a } = await testAccounts();
    const app = await djangoApp(place, 'goodbye', { account: a, vintage });
    const hostd = await startHostd(place, { apps: [app] });
    await hostd.state('goodbye', 'RUNNING');
    assert.ok(await comesBeforeItsEnd(hostd.port, app.host));
  });
}
