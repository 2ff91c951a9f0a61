// Sleep when idle: a site that nobody visits is stopped, and its next visitor starts it again and waits for no more than that. Not one
// request is refused, lost or answered twice, whatever server it is, behind hostd's proxy and behind nginx, whoever dies meanwhile.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Target } from '../scripts/http.ts';
import { needsRoot } from './harness/accounts.ts';
import type { TestApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';
import { writeApp } from './harness/write-app.ts';
import { asgi, asleep, briefly, seen, site, sleeps } from './idle/sites.ts';
import { nginxMissing, startNginx } from './proxy/nginx.ts';
import { plainSite } from './proxy/plain-site.ts';

/** Bursts of visitors, with pauses about as long as it takes to fall asleep. Returns the numbers of all requests. */
async function visitors(
  app: TestApp,
  fronts: readonly Target[],
  pause: number,
  until: number,
): Promise<string[]> {
  const sent: string[] = [];
  while (performance.now() < until) {
    const burst = Array.from({ length: 1 + Math.floor(Math.random() * 8) }, async (_, index) => {
      const number = `${app.name}-${sent.length}`;
      sent.push(number);
      const to = fronts[index % fronts.length] as Target;
      const { status, text } = await ask({ to, host: app.host, path: `/?${number}` });
      assert.equal(`${status} ${text}`, `200 ${number}`);
    });
    await Promise.all(burst);
    await sleep(pause + Math.random() * 700);
  }
  return sent;
}

/** A request whose body does not come to its end. */
const unfinished = (host: string) => `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nabc`;

/** A server of one's own on the held socket: no gunicorn, no hook, and it answers nothing while it ends. */
const plain = `
import socket
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from plain.wsgi import application
class Handler(WSGIRequestHandler):
    def address_string(self):
        return "unix"
class Server(WSGIServer):
    def get_request(self):
        connection, _ = self.socket.accept()
        return connection, ("unix", 0)
server = Server(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=3)
server.setup_environ = None
server.base_environ = {"SERVER_NAME": "plain", "SERVER_PORT": "80", "GATEWAY_INTERFACE": "CGI/1.1", "REMOTE_HOST": "", "CONTENT_LENGTH": "", "SCRIPT_NAME": ""}
server.set_app(application)
server.serve_forever()
`;

// Most of their time they wait for somebody to fall asleep.
describe('sleep when idle', { concurrency: true }, () => {
  test('sync, gthread and uvicorn workers fall asleep and wake under visitors, through both fronts: each request is answered once', {
    skip: nginxMissing() || needsRoot || needsVirtualenv('old'),
  }, async t => {
    const place = makePlace(t);
    const apps = await Promise.all([
      site(place, 'sync'),
      site(place, 'gthread', { threads: 4, ...briefly }),
      site(place, 'live', { worker_class: virtualenv('recent').asgiWorker, ...briefly }, { source: asgi }),
      site(place, 'older', { threads: 4, ...briefly }, { vintage: 'old' }),
    ]);
    const hostd = await startHostd(place, { apps });
    const nginx = await startNginx(
      place.directory('nginx-front'),
      apps.map(({ name, host, socket }) => plainSite(name, host, socket)),
    );
    place.after(() => nginx.stop());
    const end = performance.now() + 9000;
    const fronts = [{ port: hostd.port }, { port: nginx.port }];
    const sent = await Promise.all(
      apps.map(app => visitors(app, fronts, app.name === 'sync' ? 950 : 1850, end)),
    );
    for (const [index, app] of apps.entries()) {
      assert.deepEqual(seen(app).sort(), sent[index]?.sort());
      const count = sleeps(hostd, app.name);
      t.diagnostic(`${app.name}: ${sent[index]?.length} requests, ${count} sleeps`);
      assert.ok(count >= 2, `${app.name} has slept ${count} times`);
    }
  });

  test('what sleeps: commands do what one expects of them, and wake it only if they must', async t => {
    const place = makePlace(t);
    const worker = { command: '/bin/sleep 1000', sleeps_with_app: true };
    const lazy = await site(place, 'lazy', { on_demand: true, idle_timeout: '1s', program: { worker } });
    const hostd = await startHostd(place, { apps: [lazy] });
    const get = async (path = '/') => (await hostd.get(lazy.host, path)).status;
    const states = async () => (await hostd.status()).map(({ name, state }) => `${name} ${state}`).slice(-2);
    const workerRuns = (times: number) =>
      until('the worker to run', () => hostd.output().split("spawned: 'lazy:worker'").length > times);
    const isDown = async () =>
      assert.deepEqual(await states(), ['lazy STOPPED', 'lazy:worker STOPPED'], 'nothing has woken it');

    const quiet: Socket[] = [];
    for (const part of ['', `GET / HTTP/1.1\r\nHost: ${lazy.host}\r\n`, unfinished(lazy.host)]) {
      const client = connect(hostd.port, '127.0.0.1').on('error', () => {});
      quiet.push(client);
      await new Promise<unknown>(resolve => client.write(part || '\r\n', resolve));
    }
    assert.equal((await hostd.get('nosuch.test')).status, 404);
    const { code, stdout } = await hostd.hostctl('status');
    assert.equal(code, 0, 'it is well');
    assert.match(stdout, /lazy +STOPPED +idle since \d\d:\d\d, starts with the next request\n/);
    assert.match(stdout, /lazy:worker +STOPPED +idle since \d\d:\d\d, starts with its app\n/);
    for (const client of quiet) client.destroy();
    assert.equal(await get('/?1'), 200);
    await workerRuns(1);
    await asleep(hostd, 'lazy');
    await asleep(hostd, 'lazy:worker');

    assert.match(
      (await hostd.hostctl('reload', 'lazy')).stdout,
      /lazy: sleeps: its next start loads the new code/,
    );
    assert.match((await hostd.hostctl('scale', 'lazy', '3')).stderr, /lazy: not running: it sleeps/);
    await hostd.hostctl('maintenance', 'lazy', 'on');
    assert.equal(await get(), 503);
    await hostd.hostctl('maintenance', 'lazy', 'off');
    await isDown();
    writeApp(place, { ...lazy, table: { ...lazy.table, workers: 1, directory: lazy.root } });
    assert.match((await hostd.hostctl('update')).stdout, /lazy: updated \(.*directory.*\)/);
    await isDown();

    rmSync(lazy.socket);
    await until('the socket to be put back', () => existsSync(lazy.socket));
    assert.equal(await get('/?2'), 200);
    await asleep(hostd, 'lazy');
    rmSync(lazy.socket);
    rmSync(`${place.dir}/lib/sockets`, { recursive: true });
    await until('another socket', () => existsSync(lazy.socket));
    await isDown();
    assert.equal(await get('/?3'), 200);

    await asleep(hostd, 'lazy');
    assert.equal((await hostd.hostctl('restart', 'lazy')).code, 0);
    assert.deepEqual(seen(lazy), ['1', '2', '3']);
    await asleep(hostd, 'lazy');
    assert.match((await hostd.hostctl('stop', 'lazy')).stdout, /lazy: stopped/);
    assert.equal((await hostd.hostctl('status', 'lazy')).code, 3, 'somebody has stopped it');
    assert.equal(await get(), 503);
    assert.equal((await hostd.hostctl('start', 'lazy')).code, 0);
    await workerRuns(2);
    await asleep(hostd, 'lazy');
    writeApp(place, { ...lazy, table: { ...lazy.table, on_demand: false, idle_timeout: 0 } });
    await hostd.hostctl('update');
    await hostd.state('lazy', 'RUNNING');
    assert.equal(await hostd.stop(), 0);
  });

  test('kill -9 of hostd while a site sleeps, falls asleep or wakes: its visitors wait for the next hostd, and it sleeps on', async t => {
    const place = makePlace(t);
    const app = await site(place, 'killed', { workers: 1 });
    let hostd = await startHostd(place, { apps: [app] });
    const kept = () => readdirSync(`${place.dir}/lib/runs`).some(name => name.startsWith('killed~asleep'));
    const said = (text: string) => () => hostd.output().includes(text);
    const visit = (number: number) =>
      ask({ to: { socketPath: app.socket }, host: app.host, path: `/?${number}`, timeout: 120_000 });

    let number = 0;
    const dieAndBeVisited = async () => {
      await hostd.kill9();
      const early = visit(++number);
      await sleep(50);
      hostd = await hostd.again();
      const { status, text } = await early;
      assert.equal(`${status} ${text}`, `200 ${number}`);
    };

    await until('its visitors to be led to another socket', kept, { every: 1 });
    await dieAndBeVisited();
    await until('gunicorn to be told to end', said('stopping killed'), { every: 1 });
    await dieAndBeVisited();
    const { idle_since: since } = await asleep(hostd, 'killed');
    await hostd.kill9();
    hostd = await hostd.again();
    assert.equal((await asleep(hostd, 'killed')).idle_since, since, 'without a visitor, it sleeps on');
    const { code, stderr } = await hostd.hostctl('upgrade');
    assert.equal(code, 0, stderr);
    assert.equal((await asleep(hostd, 'killed')).idle_since, since, 'an upgrade does not wake it either');
    await dieAndBeVisited();
    await asleep(hostd, 'killed');
    const waking = visit(++number);
    await until('it to be woken', said('waking killed'), { every: 1 });
    await hostd.kill9();
    hostd = await hostd.again();
    assert.equal((await waking).text, `${number}`);
    await until('it to run', async () => (await hostd.status()).some(({ state }) => state === 'RUNNING'));
    assert.deepEqual(
      seen(app),
      Array.from({ length: number }, (_, index) => `${index + 1}`),
    );
    assert.equal(await hostd.stop(), 0);
    assert.deepEqual(readdirSync(`${place.dir}/lib/runs`), [], 'nobody keeps its socket any more');
  });

  test('any server sleeps, but not before what is open is over; a thousand visitors at once wake it; a start that fails is told', async t => {
    const place = makePlace(t);
    const open = await site(
      place,
      'open',
      { worker_class: virtualenv('recent').asgiWorker },
      { source: asgi },
    );
    const root = `${place.dir}/webapps/plain`;
    const command = [`${root}/bin/python`, `${root}/plain/server.py`];
    const own = await site(place, 'plain', { command, directory: `${root}/plain` });
    place.write('webapps/plain/plain/server.py', plain);
    const slow = await site(place, 'slow', { threads: 2 });
    const unlucky = await site(
      place,
      'unlucky',
      { on_demand: true },
      { source: 'raise RuntimeError("no such luck")\n' },
    );
    const hostd = await startHostd(place, { apps: [open, own, slow, unlucky] });

    const posted = hostd.get(unlucky.host, '/', { method: 'POST', body: 'a=b', timeout: 60_000 });
    const stream = connect({ path: open.socket });
    stream.write('GET /stream HTTP/1.1\r\nHost: open.test\r\n\r\n');
    await once(stream, 'data');
    const answer = hostd
      .get(slow.host, '/slow?1')
      .then(({ text }) => ({ text, sleeps: sleeps(hostd, 'slow') }));
    await asleep(hostd, 'plain');
    assert.deepEqual(await answer, { text: '1', sleeps: 0 }, 'a request is no idleness');
    assert.equal(sleeps(hostd, 'open'), 0, 'a stream is none either');
    stream.destroy();

    const all = Array.from({ length: 1000 }, (_, number) =>
      ask({ to: { socketPath: own.socket }, host: own.host, path: `/?${number}`, timeout: 120_000 }),
    );
    assert.equal((await Promise.all(all)).filter(({ status }) => status === 200).length, 1000);
    assert.equal(new Set(seen(own)).size, 1000);
    assert.equal(seen(own).length, 1000);

    await asleep(hostd, 'slow');
    place.write('webapps/slow/slow/slow/wsgi.py', 'raise RuntimeError("no such luck")\n');
    const { status, headers } = await hostd.get(slow.host, '/', { timeout: 60_000 });
    assert.deepEqual([status, headers['retry-after']], [503, '1'], 'also the one that has woken it');
    const log = readFileSync(`${slow.root}/logs/nginx-error.log`, 'utf8');
    assert.match(log, /exited too quickly/);
    const broken = await posted;
    assert.deepEqual(
      [broken.status, broken.headers['retry-after']],
      [503, '1'],
      'what may not be sent twice',
    );
    assert.match(readFileSync(`${unlucky.root}/logs/nginx-error.log`, 'utf8'), /exited too quickly/);
    await asleep(hostd, 'open');
  });
});
