// Node's own doors: SIGUSR1 opens its inspector, and its variables load code. Neither in hostd nor in anything that it starts,
// from the first moment on; and what the signal means to hostd is not lost.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { isRoot, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { checkout, type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { childrenOf, look } from './harness/processes.ts';
import { until } from './harness/until.ts';

/** Milliseconds between two signals. */
const pause = 4;

/** The TCP ports on which a process listens, by its own descriptors. */
function portsOf(pid: number): number[] {
  try {
    const inodes = new Set(
      readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
        try {
          return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
        } catch {
          return [];
        }
      }),
    );
    return ['tcp', 'tcp6'].flatMap(name =>
      readFileSync(`/proc/${pid}/net/${name}`, 'utf8')
        .split('\n')
        .map(line => line.trim().split(/\s+/))
        .filter(fields => fields[3] === '0A' && inodes.has(fields[9] ?? ''))
        .map(fields => Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)),
    );
  } catch {
    return [];
  }
}

interface Attack {
  /** By command: how often each was signalled. */
  readonly hits: Map<string, number>;
  /** Ports that were opened. */
  readonly opened: Set<string>;
  stop(): void;
}

/** SIGUSR1, again and again, to the process whose pid `root()` tells, and to all of hostd's own programs below it. */
function attack(root: () => number | null, below = true): Attack {
  const hits = new Map<string, number>();
  const opened = new Set<string>();
  const hit = (pid: number, name: string) => {
    try {
      process.kill(pid, 'SIGUSR1');
      hits.set(name, (hits.get(name) ?? 0) + 1);
    } catch {
      // It has ended.
    }
    for (const port of portsOf(pid)) opened.add(`${name} ${port}`);
  };
  const timer = setInterval(() => {
    const pid = root();
    if (pid === null) return;
    hit(pid, 'root');
    for (const child of below ? childrenOf(pid) : []) {
      const name = /^hostd-\w+/.exec(child.command)?.[0];
      if (name !== undefined) hit(child.pid, name);
    }
  }, pause);
  return { hits, opened, stop: () => clearInterval(timer) };
}

/** Begins as a shell that writes down its pid before it becomes hostd. */
function under(place: Place): readonly string[] {
  return ['/bin/sh', '-c', `trap '' USR1; echo $$ >${place.dir}/pid; exec "$@"`, 'sh'];
}

function pidIn(place: Place): number | null {
  try {
    return Number(readFileSync(`${place.dir}/pid`, 'utf8')) || null;
  } catch {
    return null;
  }
}

test('SIGUSR1 at every moment opens nothing and ends nothing: hostd, its workers, its probes', async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { account, keys: { health: '/slow?s=1.5' } });
  const attacked = attack(() => pidIn(place));
  t.after(attacked.stop);
  const hostd = await startHostd(place, { apps: [app], under: under(place) });
  await hostd.state('tiny', 'RUNNING');
  await until('enough hits', () => (attacked.hits.get('root') ?? 0) > 50 && attacked.hits.size === 3);
  attacked.stop();
  const own = new Set([`root ${hostd.port}`, `hostd-proxy ${hostd.port}`, `hostd-probe ${hostd.port}`]);
  assert.deepEqual(
    [...attacked.opened].filter(what => !own.has(what)),
    [],
  );
  assert.deepEqual([...attacked.hits.keys()].sort(), ['hostd-probe', 'hostd-proxy', 'root']);
  assert.notEqual(look(hostd.pid), null);
  const status = await hostd.status();
  assert.deepEqual(
    status.map(program => [program.name, program.state, program.run]),
    [
      ['hostd-proxy', 'RUNNING', 1],
      ['tiny', 'RUNNING', 1],
    ],
  );
  assert.match(hostd.output(), /received SIGUSR1: reopening logs/);
  assert.equal((await hostd.get(app.host)).status, 200);
});

test('hostctl signal USR1 hostd-proxy is refused, with what to do instead', async t => {
  const place = makePlace(t);
  const hostd = await startHostd(place, {});
  const { code, stderr, stdout } = await hostd.hostctl('signal', 'USR1', 'hostd-proxy');
  assert.equal(code, 1);
  assert.match(stderr + stdout, /cannot signal with SIGUSR1.*\n +try: hostctl logs --reopen/);
});

test('hostctl survives it, and listens nowhere', async t => {
  const place = makePlace(t);
  const hostd = await startHostd(place, { config: { proxy: { enabled: false } } });
  const [file = '', ...args] = [...under(place), `${checkout}/bin/hostctl`, 'logs', '-f', 'none'];
  const hostctl = spawn(file, args, {
    env: { ...process.env, ...place.env, HOSTD_SOCKET: hostd.socket },
    stdio: 'ignore',
  });
  const attacked = attack(() => pidIn(place), false);
  const code = await new Promise<number | null>(resolve => hostctl.on('exit', resolve));
  attacked.stop();
  assert.deepEqual([...attacked.opened], []);
  // It ended by itself: there is no such program.
  assert.equal(code, 1);
  assert.ok((attacked.hits.get('root') ?? 0) > 0, 'it was never hit');
});

/** Every variable with which Node would load code, write files or change its ways. */
function hostile(place: Place): Record<string, string> {
  const evil = place.write('evil.cjs', `require('fs').writeFileSync('${place.dir}/loaded', 'x');`);
  return {
    NODE_OPTIONS: `--require ${evil} --inspect=127.0.0.1:0 --report-on-signal --heapsnapshot-signal=SIGUSR2`,
    NODE_PATH: place.dir,
    NODE_V8_COVERAGE: `${place.dir}/coverage`,
    NODE_EXTRA_CA_CERTS: `${place.dir}/none.pem`,
    NODE_REDIRECT_WARNINGS: `${place.dir}/warnings`,
    NODE_COMPILE_CACHE: `${place.dir}/cache`,
    NODE_DEBUG: 'module,net',
    OPENSSL_CONF: place.write('openssl.cnf', 'openssl_conf = nowhere\n'),
    SSLKEYLOGFILE: `${place.dir}/keys`,
    'NODE_WITH\nexport NODE_ODD': 'a\nexport NODE_x; y',
  };
}

const nodeVariables = (pid: number) =>
  readFileSync(`/proc/${pid}/environ`, 'latin1')
    .split('\0')
    .filter(entry => /^(NODE_|OPENSSL_|SSL)/.test(entry));

async function withHostileEnvironment(
  t: TestContext,
): Promise<{ place: Place; hostd: Hostd; env: Record<string, string> }> {
  const place = makePlace(t);
  const env = hostile(place);
  const hostd = await startHostd(place, { env, config: { program: { one: { command: 'sleep 1000' } } } });
  return { place, hostd, env };
}

test('Node’s variables reach neither hostd, what it starts, nor what it becomes, nor hostctl', async t => {
  const { place, hostd, env } = await withHostileEnvironment(t);
  const children = childrenOf(hostd.pid);
  assert.equal(children.length, 2);
  for (const pid of [hostd.pid, ...children.map(child => child.pid)]) {
    assert.deepEqual(nodeVariables(pid), []);
    assert.deepEqual(
      portsOf(pid).filter(port => port !== hostd.port),
      [],
    );
  }
  const options = { env: { ...process.env, ...env, HOSTD_SOCKET: hostd.socket }, encoding: 'utf8' } as const;
  assert.match(execFileSync(`${checkout}/bin/hostctl`, ['status'], options), /one +RUNNING/);
  assert.equal((await hostd.hostctl('upgrade')).code, 0);
  await hostd.status();
  assert.deepEqual(nodeVariables(hostd.pid), []);
  for (const name of ['loaded', 'coverage', 'warnings', 'cache', 'keys'])
    assert.equal(existsSync(`${place.dir}/${name}`), false, name);
});

test('a signal that comes while hostd is still being loaded is obeyed once it is there', async t => {
  const place = makePlace(t);
  const config = { proxy: { enabled: false }, program: { one: { command: 'sleep 1000' } } };
  const begun = startHostd(place, { config, under: under(place) });
  const pid = await until('its pid', () => pidIn(place), { every: 5 });
  const catches = (signal: number) => {
    const caught = /^SigCgt:\s+([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return ((BigInt(`0x${caught ?? 0}`) >> BigInt(signal - 1)) & 1n) === 1n;
  };
  await until('its first handlers', () => catches(12), { every: 1 });
  process.kill(pid, 'SIGHUP');
  process.kill(pid, 'SIGUSR1');
  const hostd = await begun;
  await until(
    'both',
    () => /received SIGHUP/.test(hostd.output()) && /received SIGUSR1/.test(hostd.output()),
  );
  assert.notEqual(look(pid), null);
});

test('a log that was moved while no hostd was there has its name back when the next one is ready', async t => {
  const place = makePlace(t);
  const log = `${place.dir}/log/one.log`;
  const command = `sh -c 'while :; do echo line; sleep 0.1; done'`;
  const program = { one: { command, stdout_logfile: log, environment: place.env } };
  const hostd = await startHostd(place, { config: { proxy: { enabled: false }, program } });
  await until('lines', () => existsSync(log) && readFileSync(log, 'utf8').includes('line'));
  await hostd.kill9();
  renameSync(log, `${log}.1`);
  await hostd.again();
  await until('lines again', () => existsSync(log) && readFileSync(log, 'utf8').includes('line'));
});
