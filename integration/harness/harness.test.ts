// The harness itself: what it makes serves, its counts are right, and nothing of it stays.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { ask } from '../../scripts/http.ts';
import { verifySite } from '../../scripts/verify.ts';
import { native } from '../../src/native/index.ts';
import { testAccounts } from './accounts.ts';
import { djangoApp, type TestApp, tinyApp } from './apps.ts';
import { startLoad } from './load.ts';
import { makePlace, type Place } from './place.ts';
import { look, marked } from './processes.ts';
import { until } from './until.ts';
import { needsVirtualenv, type Vintage, virtualenv } from './virtualenvs.ts';

/** gunicorn alone, on a listening socket that this process hands over, as hostd does. */
async function serve(
  place: Place,
  app: TestApp,
  application = app.table['wsgi'],
  ...args: string[]
): Promise<string> {
  const socketPath = app.socket;
  const fd = native.listenUnix(socketPath, app.account.uid, app.account.gid, 0o660, 64);
  const gunicorn = [`${app.root}/bin/gunicorn`, String(application), ...args];
  const child = spawn('/bin/sh', ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', ...gunicorn], {
    cwd: `${app.root}/${app.name}`,
    env: { PATH: '/usr/bin:/bin', LISTEN_FDS: '1', HOME: app.root, ...(app.table['env'] as object) },
    stdio: ['ignore', 'ignore', 'pipe', fd],
    ...(process.getuid?.() === 0 ? { uid: app.account.uid, gid: app.account.gid } : {}),
  });
  let log = '';
  child.stderr?.on('data', chunk => {
    log += chunk;
  });
  place.after(async () => {
    child.kill('SIGTERM');
    await until('gunicorn to end', () => child.exitCode !== null || child.signalCode !== null);
  });
  const first = () => ask({ to: { socketPath }, host: app.host, path: '/whoami', timeout: 120_000 });
  await first().catch(error => assert.fail(`${error.message}\n${log}`));
  return socketPath;
}

for (const vintage of ['recent', 'old'] as const satisfies readonly Vintage[]) {
  const skip = needsVirtualenv(vintage);

  test(`a tiny app serves as its own user on a socket that it was handed (${vintage} gunicorn)`, {
    skip,
  }, async t => {
    const place = makePlace(t);
    const { a } = await testAccounts();
    const socketPath = await serve(place, await tinyApp(place, { account: a, vintage }));
    const answer = await ask({ to: { socketPath }, host: 'tiny.test', path: '/whoami' });
    const { uid, gid } = JSON.parse(answer.text);
    assert.deepEqual([answer.status, uid, gid], [200, a.uid, a.gid]);
    const echo = await ask({
      to: { socketPath },
      host: 'tiny.test',
      path: '/echo',
      method: 'POST',
      body: 'ping',
    });
    assert.equal(echo.text, 'ping');
  });

  test(`both Django sites take a form and an upload (${vintage} Django)`, { skip }, async t => {
    const { a } = await testAccounts();
    for (const name of ['hello', 'goodbye'] as const) {
      await t.test(name, async t => {
        const place = makePlace(t);
        const app = await djangoApp(place, name, { account: a, vintage });
        const socketPath = await serve(place, app);
        await verifySite({ name, to: { socketPath }, host: app.host, uid: a.uid, files: false });
        assert.ok(existsSync(`${app.root}/static/admin/css/base.css`));
      });
    }
  });

  test(`a Django site answers event by event under ASGI (${vintage} Django)`, { skip }, async t => {
    const place = makePlace(t);
    const { a } = await testAccounts();
    const app = await djangoApp(place, 'hello', { account: a, vintage });
    const worker = virtualenv(vintage).asgiWorker;
    const socketPath = await serve(place, app, 'hello.asgi:application', '-k', worker);
    const answer = await ask({ to: { socketPath }, host: app.host, path: '/sse?n=2&s=0' });
    assert.match(answer.headers['content-type'] ?? '', /^text\/event-stream/);
    assert.equal(answer.text.match(/^event: tick$/gm)?.length, 2);
  });
}

test('a load tells answers, refusals, cut answers and errors apart', async t => {
  const place = makePlace(t);
  const socketPath = `${place.dir}/s`;
  let number = 0;
  const server = createServer((request, response) => {
    number++;
    if (number % 4 === 0) request.socket.destroy();
    else if (number % 4 === 1) response.writeHead(503).end();
    else response.end('fine');
  });
  await new Promise<void>(resolve => server.listen(socketPath, resolve));
  place.after(() => void server.close());
  const load = startLoad({ to: { socketPath }, host: 'x', clients: 2 });
  await until('some requests', () => load.report().requests >= 40);
  const report = await load.stop();
  assert.equal(report.ok + report.reset + (report.statuses[503] ?? 0), report.requests);
  assert.ok(report.ok > 0 && report.reset > 0 && (report.statuses[503] ?? 0) > 0 && report.refused === 0);

  await new Promise(resolve => server.close(resolve));
  rmSync(socketPath, { force: true });
  const refused = await startLoad({ to: { socketPath }, host: 'x', clients: 2, atMost: 100 }).stop();
  assert.ok(refused.refused > 0 && refused.refused === refused.requests);
});

test('what a test leaves running is found by its mark, also after it has left its session, and is killed', async t => {
  let pid = 0;
  let place: Place | undefined;
  await t.test('a test that leaves a daemon behind', async t => {
    place = makePlace(t);
    place.expectLeftovers(true);
    const env = { PATH: '/usr/bin:/bin', ...place.env };
    spawn('setsid', ['-f', 'sleep', '300'], { env, stdio: 'ignore' });
    const { mark } = place;
    pid = (await until('the daemon', () => marked(mark).find(found => found.command === 'sleep 300'))).pid;
  });
  assert.ok(pid > 0 && look(pid) === null);
  assert.equal(existsSync(place?.dir ?? ''), false);
});
