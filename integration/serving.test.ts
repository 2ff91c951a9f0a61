// The whole way of a request: the proxy's port, the site by its Host header, gunicorn; and what faults on that way cost.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { ask } from '../scripts/http.ts';
import { isRoot, needsRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { startLoad } from './harness/load.ts';
import { makePlace } from './harness/place.ts';
import { look } from './harness/processes.ts';
import { until } from './harness/until.ts';
import { nginxMissing, startNginx } from './proxy/nginx.ts';
import { plainSite } from './proxy/plain-site.ts';

async function twoApps(t: TestContext, keys: Parameters<typeof tinyApp>[1] = {}) {
  const place = makePlace(t);
  const accounts = isRoot ? await testAccounts() : { a: self(), b: self() };
  const one = await tinyApp(place, { name: 'one', account: accounts.a, ...keys });
  const two = await tinyApp(place, { name: 'two', account: accounts.b, ...keys });
  return { place, one, two, accounts };
}

test('each site answers by its host name and at NAME.localhost, as its own user; unknown hosts get 404', async t => {
  const { place, one, two, accounts } = await twoApps(t);
  const hostd = await startHostd(place, { apps: [one, two] });
  for (const [app, account] of [
    [one, accounts.a],
    [two, accounts.b],
  ] as const) {
    for (const host of [app.host, `${app.name}.localhost`, `${app.host.toUpperCase()}:8080`]) {
      const { status, body } = await hostd.get(host, '/whoami');
      assert.equal(status, 200, host);
      assert.equal(JSON.parse(body.toString()).uid, account.uid);
    }
  }
  assert.equal((await hostd.get('nobody.test')).status, 404);
  const log = await until('the access log', () => readFileSync(`${one.root}/logs/nginx-access.log`, 'utf8'));
  assert.match(log, /^127\.0\.0\.1 - - \[.*\] "GET \/whoami HTTP\/1\.1" 200 \d+ "-" "-"\n/);
});

test('proxy workers are unprivileged, and kill -9 of one refuses no connection', async t => {
  const { place, one } = await twoApps(t);
  const hostd = await startHostd(place, { apps: [one], config: { proxy: { workers: 2 } } });
  const workers = (await hostd.status()).filter(program => program.group === 'hostd-proxy');
  assert.deepEqual(
    workers.map(worker => [worker.name, worker.state]),
    [
      ['hostd-proxy:0', 'RUNNING'],
      ['hostd-proxy:1', 'RUNNING'],
    ],
  );
  for (const { pid } of workers) {
    const uid = look(pid ?? 0)?.uid;
    if (isRoot) assert.notEqual(uid, 0);
    else assert.equal(uid, self().uid);
  }
  const load = startLoad({ to: { port: hostd.port }, host: one.host, clients: 6 });
  await until('requests to be served', () => load.report().ok > 100);
  process.kill(workers[0]?.pid ?? 0, 'SIGKILL');
  await until('the worker to be back', async () =>
    (await hostd.status()).some(p => p.name === 'hostd-proxy:0' && p.state === 'RUNNING' && p.run === 2),
  );
  const report = await load.stop();
  assert.equal(report.refused, 0);
  assert.deepEqual(report.other, {});
});

test('kill -9 of gunicorn behind the proxy: nobody is refused, and requests wait for the next run', async t => {
  const { place, one } = await twoApps(t);
  const hostd = await startHostd(place, { apps: [one] });
  const { pid } = await hostd.state('one', 'RUNNING');
  const load = startLoad({ to: { port: hostd.port }, host: one.host, clients: 6 });
  await until('requests to be served', () => load.report().ok > 100);
  process.kill(pid ?? 0, 'SIGKILL');
  const before = load.report().ok;
  await until('requests to be served again', () => load.report().ok > before + 100);
  const report = await load.stop();
  assert.equal(report.refused, 0);
  const lost = report.reset + Object.values(report.statuses).reduce((sum, n) => sum + n, 0);
  assert.ok(lost <= 6, `only what a worker had accepted is lost: ${JSON.stringify(report)}`);
});

test('restart under load: not one request fails', async t => {
  const { place, one } = await twoApps(t);
  const hostd = await startHostd(place, { apps: [one] });
  const load = startLoad({ to: { port: hostd.port }, host: one.host, clients: 4 });
  await until('requests to be served', () => load.report().ok > 50);
  const { stdout } = await hostd.hostctl('restart', 'one');
  assert.equal(stdout, 'one: restarted\n');
  const report = await load.stop();
  assert.equal(report.ok, report.requests, JSON.stringify(report));
});

test('a stopped app answers 503 without private words, and its neighbour goes on', async t => {
  const { place, one, two } = await twoApps(t);
  const hostd = await startHostd(place, { apps: [one, two] });
  await hostd.hostctl('stop', 'one');
  const { status, body } = await hostd.get(one.host);
  assert.equal(status, 503);
  assert.doesNotMatch(body.toString(), /gunicorn\.sock|ENOENT|webapps/);
  // What the visitor is not told, the site's owner is.
  const log = readFileSync(`${one.root}/logs/nginx-error.log`, 'utf8');
  assert.match(log, /"site":"one".*cannot connect to .*gunicorn\.sock/);
  assert.equal((await hostd.get(two.host)).status, 200);
  assert.equal((await hostd.hostctl('status')).code, 3);
});

test('update restarts only what has changed, and new workers take over with the new sites', async t => {
  const { place, one, two } = await twoApps(t);
  const hostd = await startHostd(place, { apps: [one, two] });
  const before = await hostd.status();
  const load = startLoad({ to: { port: hostd.port }, host: two.host, clients: 2 });
  const file = `${place.dir}/etc/apps.d/one.toml`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('one.test', 'uno.test'));
  const dry = await hostd.hostctl('update', '--dry-run');
  assert.equal(dry.code, 0);
  const { code, stderr } = await hostd.hostctl('update');
  assert.equal(code, 0, stderr);
  assert.equal((await hostd.get('uno.test')).status, 200);
  assert.equal((await hostd.get('one.test')).status, 404);
  const after = await hostd.status();
  const pidOf = (list: typeof after, name: string) => list.find(program => program.name === name)?.pid;
  assert.equal(pidOf(after, 'two'), pidOf(before, 'two'));
  assert.equal(pidOf(after, 'one'), pidOf(before, 'one'), "a host name is the proxy's business");
  assert.notEqual(pidOf(after, 'hostd-proxy'), pidOf(before, 'hostd-proxy'));
  const report = await load.stop();
  assert.equal(report.ok, report.requests, JSON.stringify(report));
});

test('kill -9 of hostd under load through the proxy: not one request is lost, and the next hostd has the port', async t => {
  const { place, one } = await twoApps(t);
  const hostd = await startHostd(place, { apps: [one] });
  const load = startLoad({ to: { port: hostd.port }, host: one.host, clients: 4 });
  await until('requests to be served', () => load.report().ok > 50);
  const before = await hostd.status();
  await hostd.kill9();
  const next = await hostd.again();
  const after = await next.status();
  assert.deepEqual(
    after.map(p => [p.name, p.state, p.pid]),
    before.map(p => [p.name, p.state, p.pid]),
  );
  // The port was taken back: a worker that dies now refuses nobody.
  process.kill(after.find(p => p.name === 'hostd-proxy')?.pid ?? 0, 'SIGKILL');
  await until('the next worker', async () =>
    (await next.status()).some(p => p.name === 'hostd-proxy' && p.run === 2),
  );
  const report = await load.stop();
  assert.equal(report.refused, 0);
  assert.deepEqual(report.other, {});
});

test('an app with a broken file is left as it was, and one that is broken at boot does not stop the others', async t => {
  const { place, one, two } = await twoApps(t);
  const hostd = await startHostd(place, { apps: [one, two] });
  const file = `${place.dir}/etc/apps.d/one.toml`;
  const good = readFileSync(file, 'utf8');
  writeFileSync(file, `${good}\nno toml at all`);
  const { stderr, stdout } = await hostd.hostctl('update');
  assert.match(stderr + stdout, /one\.toml:\d+:\d+:/);
  assert.equal((await hostd.get(one.host)).status, 200);
  await hostd.stop();
  const next = await hostd.again();
  assert.equal((await next.get(two.host)).status, 200);
  assert.equal((await next.get(one.host)).status, 404);
  writeFileSync(file, good);
  await next.hostctl('update');
  assert.equal((await next.get(one.host)).status, 200);
});

test('an app with a health path is STARTING until that path answers', async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { account, keys: { health: '/whoami' } });
  const hostd = await startHostd(place, { apps: [app] });
  assert.equal((await hostd.state('tiny', 'RUNNING')).pid !== null, true);
  const file = `${place.dir}/etc/apps.d/tiny.toml`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('/whoami', '/status?c=500'));
  const refused = await hostd.hostctl('update');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /the new one answers \/status\?c=500 with HTTP 500; the old one serves on/);
  await hostd.hostctl('stop', 'tiny');
  assert.equal((await hostd.hostctl('update')).code, 0);
  const started = hostd.hostctl('start', 'tiny');
  const status = await until('the probe to say why', async () =>
    (await hostd.status()).find(p => p.state === 'STARTING' && p.description.includes('HTTP 500')),
  );
  assert.match(status.description, /waits for \/status\?c=500: HTTP 500/);
  await hostd.hostctl('stop', 'tiny');
  const { stderr } = await started;
  assert.match(stderr, /tiny: was stopped before it was running/);
});

test('kill -9 of hostd and a reload behind nginx: not one request fails', {
  skip: nginxMissing() || needsRoot,
}, async t => {
  const { place, one } = await twoApps(t);
  const hostd = await startHostd(place, { apps: [one], config: { proxy: { enabled: false } } });
  const nginx = await startNginx(place.directory('nginx-front'), [plainSite('one', one.host, one.socket)]);
  place.after(() => nginx.stop());
  const load = startLoad({ to: { port: nginx.port }, host: one.host, clients: 4 });
  await until('requests to be served', () => load.report().ok > 50);
  await hostd.kill9();
  const next = await hostd.again();
  assert.equal((await next.hostctl('reload', 'one')).code, 0);
  const report = await load.stop();
  t.diagnostic(
    `${report.requests} requests, ${report.ok} served, ${report.refused} refused, ${report.reset} reset`,
  );
  assert.equal(report.ok, report.requests, JSON.stringify(report));
});

test('another address to listen on: the new one answers, the old one is given back', async t => {
  const { place, one } = await twoApps(t);
  const hostd = await startHostd(place, { apps: [one] });
  const port = await freePort();
  writeFileSync(
    hostd.config,
    readFileSync(hostd.config, 'utf8').replace(`127.0.0.1:${hostd.port}`, `127.0.0.1:${port}`),
  );
  const { code, stderr } = await hostd.hostctl('update');
  assert.equal(code, 0, stderr);
  assert.equal((await ask({ to: { port }, host: one.host, path: '/' })).status, 200);
  await until('the old address to be free', async () => {
    const answer = await ask({ to: { port: hostd.port }, host: one.host, path: '/' }).catch(
      error => error.code,
    );
    return answer === 'ECONNREFUSED';
  });
});

test('a download that is under way when the sites change is finished by the old worker', async t => {
  const { place, one } = await twoApps(t);
  const hostd = await startHostd(place, { apps: [one] });
  const slow = hostd.get(one.host, '/slow?s=3');
  const file = `${place.dir}/etc/apps.d/one.toml`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('one.test', 'uno.test'));
  assert.equal((await hostd.hostctl('update')).code, 0);
  assert.equal((await slow).status, 200);
});
