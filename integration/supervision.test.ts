// What hostd does with real programs: who they run as, what they are given, what is left of them.

import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { isRoot, needsRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { startHostd } from './harness/hostd.ts';
import { startLoad } from './harness/load.ts';
import { makePlace } from './harness/place.ts';
import { childrenOf, marked } from './harness/processes.ts';
import { until } from './harness/until.ts';

const noProxy = { proxy: { enabled: false } };

async function oneApp(t: TestContext, options: Parameters<typeof tinyApp>[1] = {}) {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { account, ...options });
  return { place, account, app };
}

test('an app runs as its own user, on a socket of root and the proxy, with a clean environment', async t => {
  const { place, account, app } = await oneApp(t, {
    keys: { umask: '027', limits: { nofile: 512, core: 0 }, nice: isRoot ? -3 : 7, oom_score_adj: 300 },
  });
  const hostd = await startHostd(place, { apps: [app], config: noProxy, env: { SECRET_OF_HOSTD: 'x' } });
  const { pid } = await hostd.state('tiny', 'RUNNING');
  assert.ok(pid !== null);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  assert.match(
    status,
    new RegExp(`^Uid:\t${account.uid}\t${account.uid}\t${account.uid}\t${account.uid}$`, 'm'),
  );
  assert.match(status, new RegExp(`^Gid:\t${account.gid}\t`, 'm'));
  assert.match(status, /^Umask:\t0027$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(limits, /^Max open files\s+512\s+512/m);
  assert.match(limits, /^Max core file size\s+0\s+0/m);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
  assert.equal(stat?.[16], isRoot ? '-3' : '7', 'nice');
  assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'), '300\n');
  for (const entry of [
    `USER=${account.name}`,
    `LOGNAME=${account.name}`,
    'LISTEN_FDS=1',
    'LISTEN_FDNAMES=tiny',
    `LISTEN_PID=${pid}`,
  ])
    assert.ok(environment.includes(entry), entry);
  assert.equal(
    environment.find(entry => entry.startsWith('SECRET_OF_HOSTD')),
    undefined,
  );
  assert.equal(statSync(`/proc/${pid}/cwd`).ino, statSync(`${app.root}/tiny`).ino);
  const socket = statSync(app.socket);
  assert.equal(socket.mode & 0o777, 0o660);
  assert.equal(socket.uid, process.getuid?.());
  // Its own session: a signal to hostd's terminal does not reach it.
  assert.equal(Number(stat?.[3]), pid);
});

for (const victims of ['the gunicorn master', 'every gunicorn process'] as const) {
  test(`kill -9 of ${victims} under load: it is back, nobody is refused, nothing of the old run is left`, async t => {
    const { place, app } = await oneApp(t, { keys: { workers: 2 } });
    const hostd = await startHostd(place, { apps: [app], config: noProxy });
    const { pid: first } = await hostd.state('tiny', 'RUNNING');
    assert.ok(first !== null);
    const load = startLoad({ to: { socketPath: app.socket }, host: app.host, clients: 6 });
    await until('requests to be served', () => load.report().ok > 50);
    const old = [first, ...childrenOf(first).map(child => child.pid)];
    for (const pid of victims === 'the gunicorn master' ? [first] : old) process.kill(pid, 'SIGKILL');
    const before = load.report().ok;
    await until('requests to be served again', () => load.report().ok > before + 50);
    const report = await load.stop();
    assert.equal(report.refused, 0);
    assert.deepEqual(report.other, {});
    assert.ok(report.reset <= 6, `only what a worker had accepted is lost: ${report.reset}`);
    const { pid: second, run } = await hostd.state('tiny', 'RUNNING');
    assert.notEqual(second, first);
    assert.equal(run, 2);
    const left = marked(place.mark).filter(process => old.includes(process.pid));
    assert.deepEqual(left, []);
  });
}

test('after stop nothing is left, not even a grandchild that has daemonised itself', async t => {
  const place = makePlace(t);
  const source = `import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
time.sleep(1000)`;
  place.write('escape.py', source);
  const user = isRoot ? { user: (await testAccounts()).a.name } : {};
  const hostd = await startHostd(place, {
    config: {
      ...noProxy,
      program: { escape: { command: `/usr/bin/python3 ${place.dir}/escape.py`, ...user } },
    },
  });
  await hostd.state('escape', 'RUNNING');
  const running = () => marked(place.mark).filter(process => process.command.includes('escape.py')).length;
  await until('the grandchild to be there', () => running() === 2);
  const { code, stdout } = await hostd.hostctl('stop', 'escape');
  assert.equal(code, 0);
  assert.equal(stdout, 'escape: stopped\n');
  assert.equal(running(), 0);
});

test('a program that ignores SIGTERM is killed after stopwaitsecs', async t => {
  const place = makePlace(t);
  const hostd = await startHostd(place, {
    config: {
      ...noProxy,
      program: { deaf: { command: `sh -c "trap '' TERM; while :; do sleep 0.1; done"`, stopwaitsecs: 1 } },
    },
  });
  await hostd.state('deaf', 'RUNNING');
  const begun = performance.now();
  const { code } = await hostd.hostctl('stop', 'deaf');
  assert.equal(code, 0);
  assert.ok(performance.now() - begun >= 1000);
});

test('what cannot be executed is given up, also where startsecs = 0', async t => {
  const place = makePlace(t);
  const script = place.write('script', '#!/nowhere/sh\n', 0o755);
  const table = { command: script, environment: place.env, startsecs: 0, startretries: 0 };
  const hostd = await startHostd(place, { config: { ...noProxy, program: { nobody: table } } });
  const { description } = await hostd.state('nobody', 'FATAL');
  assert.equal(
    description,
    `cannot execute its command: ENOENT: "${script}" is read by "/nowhere/sh", which does not exist`,
  );
});

test('a second hostd on the same directories refuses and says who runs', async t => {
  const place = makePlace(t);
  const hostd = await startHostd(place, { config: noProxy });
  await assert.rejects(hostd.again(), new RegExp(`hostd runs already .*\\(pid ${hostd.pid}\\)`));
});

test('kill -9 of hostd under load harms no app, and the next hostd takes everything over', async t => {
  const { place, app } = await oneApp(t, { keys: { workers: 2 } });
  const hostd = await startHostd(place, {
    apps: [app],
    config: { ...noProxy, program: { sleep: { command: 'sleep 1000' } } },
  });
  const before = await hostd.status();
  const load = startLoad({ to: { socketPath: app.socket }, host: app.host });
  await until('requests to be served', () => load.report().ok > 50);
  await hostd.kill9();
  const next = await hostd.again();
  const after = await next.status();
  assert.deepEqual(
    after.map(({ name, state, pid, run }) => ({ name, state, pid, run })),
    before.map(({ name, state, pid, run }) => ({ name, state, pid, run })),
  );
  // An adopted program is supervised like an own one: its exit is seen, its socket still holds the clients.
  const { pid } = await next.state('tiny', 'RUNNING');
  process.kill(pid ?? 0, 'SIGKILL');
  await until('the next run', async () =>
    (await next.status()).some(p => p.name === 'tiny' && p.pid !== pid && p.run === 2),
  );
  const report = await load.stop();
  assert.equal(report.refused, 0);
  assert.deepEqual(report.other, {});
});

test('logs that an app has replaced by links, FIFOs or directories lead hostd nowhere', {
  skip: needsRoot,
}, async t => {
  const { place, app, account } = await oneApp(t);
  const secret = place.write('secret', 'untouched', 0o600);
  const log = `${app.root}/logs/gunicorn_supervisor.log`;
  const hostd = await startHostd(place, { apps: [app], config: noProxy });
  const tricks = [
    `ln -s ${secret} ${log}`,
    `mkfifo ${log}`,
    `mkdir ${log}`,
    `rmdir ${app.root}/logs; ln -s / ${app.root}/logs`,
  ];
  const { execFileSync } = await import('node:child_process');
  for (const trick of tricks) {
    execFileSync('sh', ['-c', `rm -rf ${log}; ${trick}`], { uid: account.uid, gid: account.gid });
    const { code } = await hostd.hostctl('restart', 'tiny');
    assert.equal(code, 0, trick);
    const { code: read } = await hostd.hostctl('logs', 'tiny');
    assert.equal(read, 1, trick);
  }
  assert.equal(readFileSync(secret, 'utf8'), 'untouched');
});

test("hostd's own log goes to the file that logfile names, as JSON lines", async t => {
  const place = makePlace(t);
  const logfile = `${place.dir}/log/hostd.log`;
  const config = {
    ...noProxy,
    hostd: { logfile },
    program: { sleep: { command: 'sleep 1000', environment: place.env } },
  };
  const written = startHostd(place, { config });
  const lines = await until('the log', () => {
    try {
      const text = readFileSync(logfile, 'utf8');
      return (
        text.includes('ready: ') &&
        text
          .trim()
          .split('\n')
          .map(line => JSON.parse(line) as { msg: string })
      );
    } catch {
      return null;
    }
  });
  assert.ok(lines.some(line => line.msg.startsWith("spawned: 'sleep' with pid ")));
  process.kill(Number(readFileSync(`${place.dir}/lib/hostd.lock`, 'utf8')), 'SIGTERM');
  await assert.rejects(written, /before it was ready/);
});
