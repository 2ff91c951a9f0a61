// A reload asks the new code before any visitor meets it: broken code that loads well is refused, whatever the server.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { djangoApp, type TestApp, tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { startLoad } from './harness/load.ts';
import { makePlace } from './harness/place.ts';
import { environmentOf, marked } from './harness/processes.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';
import { writeApp } from './harness/write-app.ts';

const skip = needsVirtualenv('recent');

const asgi = (status: number) => `
async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": ${status}, "headers": []})
    await send({"type": "http.response.body", "body": b"${status}"})
`;

async function account() {
  return isRoot ? (await testAccounts()).a : self();
}

/** Under load: the reload with this in the file is refused and says why; as it was before, it is done. No visitor sees any of it. */
async function refuses(hostd: Hostd, app: TestApp, file: string, broken: string, why: RegExp) {
  const load = startLoad({ to: { port: hostd.port }, host: app.host, clients: 2, atMost: 60_000, pause: 50 });
  const { pid } = await hostd.state(app.name, 'RUNNING');
  // Django reads urls.py with its first request.
  await until('the good code to be loaded', () => load.report().ok > 0);
  const good = readFileSync(file, 'utf8');
  writeFileSync(file, broken);
  const refused = await hostd.hostctl('reload', app.name);
  assert.equal(refused.code, 1, refused.stdout);
  assert.match(refused.stderr, why);
  assert.match(refused.stderr, /; the old one serves on/);
  assert.equal((await hostd.state(app.name, 'RUNNING')).pid, pid);
  writeFileSync(file, good);
  const done = await hostd.hostctl('reload', app.name);
  assert.equal(done.stdout, `${app.name}: reloaded\n`, done.stderr);
  assert.notEqual((await hostd.state(app.name, 'RUNNING')).pid, pid);
  const report = await load.stop();
  assert.ok(report.requests > 10);
  assert.equal(report.ok, report.requests, JSON.stringify(report));
}

async function sites(t: TestContext) {
  const place = makePlace(t);
  const { asgiWorker, root } = virtualenv('recent');
  const owner = await account();
  const hello = await djangoApp(place, 'hello', { account: owner, keys: { health: '/admin/login/' } });
  const goodbye = await djangoApp(place, 'goodbye', {
    account: owner,
    keys: { worker_class: asgiWorker, wsgi: 'goodbye.asgi:application' },
  });
  const bare = await tinyApp(place, {
    name: 'bare',
    account: owner,
    source: asgi(200),
    keys: { command: [`${root}/bin/uvicorn`, '--fd', '3', 'bare.wsgi:application'], health: '/up' },
  });
  return { place, hello, goodbye, bare, hostd: await startHostd(place, { apps: [hello, goodbye, bare] }) };
}

test('an ImportError in urls.py is refused: sync and uvicorn, with a health path and without one', {
  skip,
}, async t => {
  const { place, hello, goodbye, bare, hostd } = await sites(t);
  const broken = 'import no_such_module\nurlpatterns = []\n';
  const urls = (app: TestApp) => `${app.root}/${app.name}/${app.name}/urls.py`;
  const why = (said: string) =>
    new RegExp(`${said}; .*\\n(?: {2}\\| .*\\n)*.*\\| ModuleNotFoundError: .*no_such_module`);
  const login = why('the new one answers /admin/login/ with HTTP 500');
  const front = why('the new one answers / with HTTP 500, and the old one answers it well');
  await Promise.all([
    refuses(hostd, hello, urls(hello), broken, login),
    refuses(hostd, goodbye, urls(goodbye), broken, front),
    refuses(hostd, bare, `${bare.root}/bare/bare/wsgi.py`, asgi(404), /answers \/up with HTTP 404/),
  ]);

  const { health: _, ...table } = hello.table;
  writeApp(place, { ...hello, table });
  writeApp(place, { ...goodbye, table: { ...goodbye.table, health: '/admin/login/' } });
  assert.equal((await hostd.hostctl('update')).code, 0);
  await Promise.all([
    refuses(hostd, hello, urls(hello), broken, front),
    refuses(hostd, goodbye, urls(goodbye), broken, login),
  ]);

  // One that is broken already has nothing to lose.
  writeFileSync(urls(hello), broken);
  await hostd.hostctl('restart', 'hello');
  assert.equal((await hostd.get(hello.host)).status, 500);
  writeFileSync(urls(hello), `${broken}# Otherwise.\n`);
  assert.equal((await hostd.hostctl('reload', 'hello')).code, 0);
  assert.deepEqual(
    readdirSync(`${place.dir}/run`).filter(name => name.startsWith('trial')),
    [],
  );
});

test('a stop, a restart and the next hostd end what is only tried', { skip }, async t => {
  const place = makePlace(t);
  const app = await tinyApp(place, { account: await account(), keys: { health: '/' } });
  const hostd = await startHostd(place, { apps: [app] });
  const code = `${app.root}/tiny/tiny/wsgi.py`;
  const good = readFileSync(code, 'utf8');
  const tried = () => marked(place.mark).filter(({ pid }) => environmentOf(pid).includes('HOSTD_TRIAL=1'));
  writeFileSync(code, `import os, time\nif "HOSTD_TRIAL" in os.environ: time.sleep(60)\n${good}`);
  const reload = hostd.hostctl('reload', 'tiny');
  await until('the trial', () => tried().length > 0);
  assert.equal((await hostd.get(app.host)).status, 200);
  assert.equal((await hostd.hostctl('stop', 'tiny')).code, 0);
  assert.deepEqual(tried(), []);
  assert.match((await reload).stderr, /cannot reload: it was stopped meanwhile/);

  await hostd.hostctl('start', 'tiny');
  const again = hostd.hostctl('reload', 'tiny');
  await until('the trial', () => tried().length > 0);
  assert.equal((await hostd.hostctl('restart', 'tiny')).code, 0);
  assert.match((await again).stderr, /cannot reload: it was restarted meanwhile/);
  await until('the end of the trial', () => tried().length === 0);

  hostd.hostctl('reload', 'tiny').catch(() => {});
  await until('the trial', () => tried().length > 0);
  const { pid } = await hostd.state('tiny', 'RUNNING');
  await hostd.kill9();
  const next = await hostd.again();
  await until('the end of the trial', () => tried().length === 0);
  assert.equal((await next.state('tiny', 'RUNNING')).pid, pid);
  assert.equal((await next.get(app.host)).status, 200);
});
