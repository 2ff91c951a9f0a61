// New code, another number of workers, a new hostd: all of it under load, and not one request lost.

import assert from 'node:assert/strict';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { checkout, startHostd } from './harness/hostd.ts';
import { startLoad } from './harness/load.ts';
import { makePlace } from './harness/place.ts';
import { childrenOf, marked, zombiesOf } from './harness/processes.ts';
import { until } from './harness/until.ts';

async function site(t: TestContext, options: Parameters<typeof tinyApp>[1] = {}) {
  const place = makePlace(t);
  const app = await tinyApp(place, {
    account: isRoot ? (await testAccounts()).a : self(),
    keys: { workers: 2 },
    ...options,
  });
  const hostd = await startHostd(place, { apps: [app] });
  const code = `${app.root}/tiny/tiny/wsgi.py`;
  const load = () =>
    startLoad({ to: { port: hostd.port }, host: app.host, path: '/slow?s=0.02', clients: 4 });
  return { place, app, hostd, code, load };
}

test('reload deploys new code without a lost request, and the old gunicorn is gone when it returns', async t => {
  const { place, app, hostd, code, load: start } = await site(t);
  const load = start();
  await until('requests to be served', () => load.report().ok > 20);
  const { pid } = await hostd.state('tiny', 'RUNNING');
  writeFileSync(
    code,
    `${readFileSync(code, 'utf8')}\n\ndef answer(environ, query):\n    return "200 OK", "text/plain", b"new code"\n`,
  );
  const { code: exit, stdout } = await hostd.hostctl('reload', 'tiny');
  assert.equal(stdout, 'tiny: reloaded\n');
  assert.equal(exit, 0);
  assert.equal((await hostd.get(app.host)).body.toString(), 'new code');
  const after = await hostd.state('tiny', 'RUNNING');
  assert.notEqual(after.pid, pid);
  assert.deepEqual(
    marked(place.mark).filter(process => process.pid === pid),
    [],
  );
  const report = await load.stop();
  assert.equal(report.ok, report.requests, JSON.stringify(report));
});

test('reload with broken code: the old one serves on, and the command shows why', async t => {
  const { app, hostd, code, load: start } = await site(t);
  const load = start();
  const { pid } = await hostd.state('tiny', 'RUNNING');
  const good = readFileSync(code, 'utf8');
  writeFileSync(code, `${good}\nraise RuntimeError("no database today")\n`);
  const { code: exit, stderr } = await hostd.hostctl('reload', 'tiny');
  assert.equal(exit, 1);
  assert.match(stderr, /cannot reload/);
  assert.match(stderr, /no database today/);
  assert.equal((await hostd.state('tiny', 'RUNNING')).pid, pid);
  assert.equal((await hostd.get(app.host)).status, 200);
  const report = await load.stop();
  assert.equal(report.ok, report.requests, JSON.stringify(report));
  // And the app is still looked after: it comes back after a crash, once the code is right.
  writeFileSync(code, good);
  process.kill(pid ?? 0, 'SIGKILL');
  await until('the next run', async () =>
    (await hostd.status()).some(p => p.name === 'tiny' && p.state === 'RUNNING' && p.pid !== pid),
  );
  writeFileSync(code, `${good}\nraise RuntimeError("no luck today")\n`);
  const restarted = await hostd.hostctl('restart', 'tiny');
  assert.equal(restarted.code, 1);
  assert.match(
    restarted.stderr,
    /^hostctl: tiny: cannot start: (?:.*\n)+ {2}\| RuntimeError: no luck today\n/m,
  );
  assert.match(restarted.stderr, /\n {2}try: hostctl logs tiny\n$/);
  assert.doesNotMatch(restarted.stderr, /no database today|HaltServer/);
});

test('a request in flight when the reload begins is finished by the old gunicorn', async t => {
  const { app, hostd } = await site(t);
  const slow = hostd.get(app.host, '/slow?s=2');
  const { code } = await hostd.hostctl('reload', 'tiny');
  assert.equal(code, 0);
  assert.equal((await slow).status, 200);
});

test('scale changes the number of gunicorn workers without a restart', async t => {
  const { hostd } = await site(t);
  const { pid } = await hostd.state('tiny', 'RUNNING');
  await until('both workers', () => childrenOf(pid ?? 0).length === 2);
  assert.equal((await hostd.hostctl('scale', 'tiny', '4')).code, 0);
  await until('four workers', () => childrenOf(pid ?? 0).length === 4);
  assert.equal((await hostd.hostctl('scale', 'tiny', '1')).code, 0);
  await until('one worker', () => childrenOf(pid ?? 0).length === 1);
  assert.equal((await hostd.state('tiny', 'RUNNING')).pid, pid);
  assert.equal((await hostd.hostctl('scale', 'tiny', 'many')).code, 2);
});

test("upgrade keeps hostd's pid, every program and every request", async t => {
  const { hostd, load: start } = await site(t);
  const before = await hostd.status();
  const load = start();
  await until('requests to be served', () => load.report().ok > 20);
  const { code, stdout, stderr } = await hostd.hostctl('upgrade');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, 'hostd: upgraded\n');
  // Even at once: the control socket is held across the upgrade.
  assert.equal((await hostd.hostctl('pid')).code, 0);
  await until('the new hostd to be ready', () => hostd.output().split('"msg":"ready: ').length === 3);
  assert.equal((await hostd.hostctl('pid')).stdout, `${hostd.pid}\n`);
  const after = await hostd.status();
  assert.deepEqual(
    after.map(p => [p.name, p.pid]),
    before.map(p => [p.name, p.pid]),
  );
  // What it was parent of, it is parent of: the exit status of an adopted child is known.
  const pid = after.find(p => p.name === 'tiny')?.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  const next = await until('the next run', async () =>
    (await hostd.status()).find(p => p.name === 'tiny' && p.run === 2 && p.state === 'RUNNING'),
  );
  assert.equal(next.exitstatus, -1);
  const report = await load.stop();
  assert.equal(report.refused, 0);
});

test('what was stopped by a command stays stopped when hostd is killed and started again', async t => {
  const { hostd } = await site(t);
  await hostd.hostctl('stop', 'tiny');
  await hostd.kill9();
  const next = await hostd.again();
  assert.equal((await next.status()).find(p => p.name === 'tiny')?.state, 'STOPPED');
  await next.stop();
  const fresh = await next.again();
  assert.equal((await fresh.status()).find(p => p.name === 'tiny')?.state, 'RUNNING');
});

test('a new version that does not start leaves the running hostd as it is', async t => {
  const place = makePlace(t);
  const home = `${place.dir}/home`;
  for (const part of ['bin', 'dist', 'build', 'package.json'])
    cpSync(`${checkout}/${part}`, `${home}/${part}`, { recursive: true });
  symlinkSync(`${checkout}/node_modules`, `${home}/node_modules`);
  const app = await tinyApp(place, { account: isRoot ? (await testAccounts()).a : self() });
  const hostd = await startHostd(place, { apps: [app], home });
  const before = await hostd.status();
  const main = `${home}/dist/daemon/main.js`;
  const good = readFileSync(main, 'utf8');
  writeFileSync(main, `import './not-there.js';\n${good}`);
  const { code, stderr } = await hostd.hostctl('upgrade');
  assert.equal(code, 1);
  assert.match(stderr, /cannot upgrade: the new version does not start: .*not-there\.js/s);
  assert.deepEqual(
    (await hostd.status()).map(p => p.pid),
    before.map(p => p.pid),
  );
  // A new version of the proxy's code means new workers.
  writeFileSync(main, good);
  const proxy = `${home}/dist/proxy/main.js`;
  writeFileSync(proxy, `${readFileSync(proxy, 'utf8')}\n// another version\n`);
  assert.equal((await hostd.hostctl('upgrade')).code, 0);
  await until('the upgraded hostd', () => hostd.output().split('"msg":"ready: ').length === 3);
  const after = await hostd.status();
  const pid = (list: typeof after, name: string) => list.find(p => p.name === name)?.pid;
  assert.equal(pid(after, 'tiny'), pid(before, 'tiny'));
  assert.notEqual(pid(after, 'hostd-proxy'), pid(before, 'hostd-proxy'));
});

test('SIGUSR2 upgrades too', async t => {
  const { hostd } = await site(t);
  const before = await hostd.status();
  process.kill(hostd.pid, 'SIGUSR2');
  await until('the upgraded hostd', () => hostd.output().split('"msg":"ready: ').length === 3);
  assert.deepEqual(
    (await hostd.status()).map(p => p.pid),
    before.map(p => p.pid),
  );
});

test('gunicorn’s own file and USR2 by hand hinder neither a start nor a reload', async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const files: Readonly<Record<string, string>> = {
    pid: 'pidfile = "gunicorn.pid"\ndaemon = True\n',
    preload: 'preload_app = True\nworkers = 2\n',
    watch: 'reload = True\n',
    places: 'worker_tmp_dir = "/dev/shm"\ncontrol_socket = "gunicorn.ctl"\n',
    bound: 'bind = "127.0.0.1:1"\nuser = "root"\numask = 0o077\n',
    usr2: '',
  };
  const apps = await Promise.all(Object.keys(files).map(name => tinyApp(place, { name, account })));
  for (const { name } of apps) place.write(`webapps/${name}/${name}/gunicorn.conf.py`, files[name] ?? '');
  const hostd = await startHostd(place, { apps });
  for (const { name, host } of apps) {
    const { pid } = await hostd.state(name, 'RUNNING');
    assert.equal((await hostd.get(host)).status, 200, name);
    if (name === 'usr2') {
      process.kill(pid ?? 0, 'SIGUSR2');
      await until('a second gunicorn of its own', () => childrenOf(pid ?? 0).length > 1);
      assert.equal((await hostd.get(host)).status, 200, name);
    }
    const { code, stdout, stderr } = await hostd.hostctl('reload', name);
    assert.deepEqual([code, stdout], [0, `${name}: reloaded\n`], stderr);
    assert.notEqual((await hostd.state(name, 'RUNNING')).pid, pid, name);
    assert.equal((await hostd.get(host)).status, 200, name);
  }
  await until('nothing of the old ones to be left', () => {
    return marked(place.mark).filter(({ command }) => command.includes('usr2.wsgi')).length === 2;
  });
});

test('an upgraded hostd finds its file by the relative name that it was started with, and leaves no zombie', async t => {
  const place = makePlace(t);
  const hostd = await startHostd(place, {
    under: ['sh', '-c', 'cd "${3%/*}" && exec "$0" "$1" "$2" "${3##*/}"'],
    config: { proxy: { enabled: false }, web: { listen: `${place.dir}/run/web.sock` } },
  });
  const web = () => childrenOf(hostd.pid).find(({ command }) => command.startsWith('hostd-web'))?.pid;
  const former = await until('hostd-web', web);
  const { code, stderr } = await hostd.hostctl('upgrade');
  assert.equal(code, 0, stderr);
  await until('another hostd-web', () => web() !== undefined && web() !== former);
  await until('nothing of the former one', () => zombiesOf(hostd.pid) === 0);
});
