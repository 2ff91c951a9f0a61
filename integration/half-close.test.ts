// The end of the stream tells a sync worker that the request is over, and nobody else.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tomlText } from '../scripts/toml-text.ts';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { type AppOptions, tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { startLoad } from './harness/load.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';

async function site(t: TestContext, options: AppOptions = {}, prepare: (place: Place) => void = () => {}) {
  const place = makePlace(t);
  const app = await tinyApp(place, { account: isRoot ? (await testAccounts()).a : self(), ...options });
  prepare(place);
  const hostd = await startHostd(place, { apps: [app] });
  return { place, app, hostd };
}

/** Whether the app has heard that no more will come. */
async function heard(hostd: Hostd): Promise<unknown> {
  const answer = await hostd.get('tiny.test', '/heard');
  assert.equal(answer.status, 200);
  return JSON.parse(answer.body.toString());
}

for (const vintage of ['recent', 'old'] as const) {
  const skip = needsVirtualenv(vintage);
  test(`sync workers hear it, and answer whole (${vintage} gunicorn)`, { skip }, async t => {
    const { app, hostd } = await site(t, { vintage });
    assert.equal(await heard(hostd), true);
    const large = await hostd.get(app.host, '/bytes?n=3000000');
    assert.equal(large.body.length, 3_000_000);
    const body = 'x'.repeat(500_000);
    const echo = await hostd.get(app.host, '/echo', { method: 'POST', body });
    assert.equal(echo.body.toString(), body);
    assert.equal((await hostd.get(app.host, '/', { method: 'HEAD' })).status, 200);
  });
}

const skip = needsVirtualenv('recent');

test('an app with workers of its own choice, wherever it says so, does not hear it', { skip }, async t => {
  const { hostd } = await site(t, {}, place =>
    place.write('webapps/tiny/tiny/gunicorn.conf.py', 'worker_class = "gthread"\n'),
  );
  assert.equal(await heard(hostd), false);
});

test('a class derived from sync does not hear it', { skip }, async t => {
  const source = 'from gunicorn.workers.sync import SyncWorker\n\n\nclass Own(SyncWorker):\n    pass\n';
  const { hostd } = await site(t, { keys: { worker_class: 'own.Own' } }, place =>
    place.write('webapps/tiny/tiny/own.py', source),
  );
  assert.equal(await heard(hostd), false);
});

test('it is so with a health path, after a reload, and with the next hostd after kill -9', {
  skip,
}, async t => {
  const { hostd } = await site(t, { keys: { health: '/' } });
  assert.equal(await heard(hostd), true);
  assert.equal((await hostd.hostctl('reload', 'tiny')).code, 0);
  assert.equal(await heard(hostd), true);
  await hostd.kill9();
  assert.equal(await heard(hostd), true);
  const next = await hostd.again();
  assert.equal(await heard(next), true);
  assert.equal((await next.hostctl('reload', '--hup', 'tiny')).code, 0);
  assert.equal(await heard(next), false);
});

const asgi = `import asyncio


async def application(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError(scope["type"])
    await asyncio.sleep(0.05)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"asgi\\n"})
`;

/** With so many clients some requests wait in the socket, for the next gunicorn to take. */
test('an app that becomes an ASGI app loses no request on the way', { skip }, async t => {
  const { place, app, hostd } = await site(t, {}, made => made.write('webapps/tiny/tiny/tiny/asgi.py', asgi));
  assert.equal(await heard(hostd), true);
  const load = startLoad({ to: { port: hostd.port }, host: app.host, path: '/slow?s=0.1', clients: 8 });
  await until('requests to be served', () => load.report().ok > 10);
  const keys = { ...app.table, wsgi: 'tiny.asgi', worker_class: virtualenv('recent').asgiWorker };
  place.write('etc/apps.d/tiny.toml', tomlText({ app: { tiny: keys } }));
  const { code, stderr } = await hostd.hostctl('update');
  assert.equal(code, 0, stderr);
  await until('the new kind to answer', async () => (await hostd.get(app.host)).text === 'asgi\n');
  const report = await load.stop();
  assert.equal(report.ok, report.requests, JSON.stringify(report));
});
