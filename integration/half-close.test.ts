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

for (const [file, options] of [
  ['gunicorn.conf.py', {}],
  ['other.conf.py', { keys: { gunicorn_args: ['--config', 'other.conf.py'] } }],
  ['other.conf.py', { keys: { health: '/' }, env: { GUNICORN_CMD_ARGS: '--config other.conf.py' } }],
] as const) {
  const where = 'env' in options ? 'GUNICORN_CMD_ARGS' : 'keys' in options ? 'gunicorn_args' : file;
  test(`an app that chooses other workers by ${where} does not hear it`, { skip }, async t => {
    const { hostd } = await site(t, options, place =>
      place.write(`webapps/tiny/tiny/${file}`, 'worker_class = "gthread"\n'),
    );
    assert.equal(await heard(hostd), false);
  });
}

test('a class derived from sync does not hear it', { skip }, async t => {
  const source = 'from gunicorn.workers.sync import SyncWorker\n\n\nclass Own(SyncWorker):\n    pass\n';
  const { hostd } = await site(t, {}, place => {
    place.write('webapps/tiny/tiny/own.py', source);
    place.write('webapps/tiny/tiny/gunicorn.conf.py', 'worker_class = "own.Own"\n');
  });
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
});

for (const command of [
  ['reload', '--hup', 'tiny'],
  ['signal', 'HUP', 'tiny'],
]) {
  test(`after hostctl ${command.join(' ')} nobody knows what the workers are`, { skip }, async t => {
    const { hostd } = await site(t);
    assert.equal(await heard(hostd), true);
    assert.equal((await hostd.hostctl(...command)).code, 0);
    assert.equal(await heard(hostd), false);
  });
}

const asgi = `import asyncio


async def application(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError(scope["type"])
    if b"late" in scope["query_string"]:
        await asyncio.sleep(0.05)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"as", "more_body": True})
    await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": b"gi\\n"})
`;

/** With so many clients some requests wait in the socket, for the next gunicorn to take. */
for (const [answers, path] of [
  ['late', '/slow?s=0.1&late'],
  ['bit by bit', '/slow?s=0.1'],
] as const)
  test(`an app that becomes an ASGI app and answers ${answers} loses no request on the way`, {
    skip,
  }, async t => {
    const { place, app, hostd } = await site(t, {}, made =>
      made.write('webapps/tiny/tiny/tiny/asgi.py', asgi),
    );
    assert.equal(await heard(hostd), true);
    const load = startLoad({ to: { port: hostd.port }, host: app.host, path, clients: 8 });
    await until('requests to be served', () => load.report().ok > 10);
    const keys = { ...app.table, wsgi: 'tiny.asgi', worker_class: virtualenv('recent').asgiWorker };
    place.write('etc/apps.d/tiny.toml', tomlText({ app: { tiny: keys } }));
    const { code, stderr } = await hostd.hostctl('update');
    assert.equal(code, 0, stderr);
    await until('the new kind to answer', async () => (await hostd.get(app.host)).text === 'asgi\n');
    const report = await load.stop();
    assert.equal(report.ok, report.requests, JSON.stringify(report));
  });
