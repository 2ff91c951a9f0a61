// What a program inherits of hostd, and what of the administrator's shell a command of `hostctl create`: nothing. hostd is started by
// a process that hands on everything odd that there is.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Account, isRoot, needsRoot, proxyAccount, self, testAccounts } from './harness/accounts.ts';
import { tinyApp } from './harness/apps.ts';
import { checkout, type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { childrenOf, type Process } from './harness/processes.ts';
import { until } from './harness/until.ts';

const python = '/usr/bin/python3';
const harness = (name: string) => join(import.meta.dirname, `harness/${name}`);

interface State {
  readonly fds: Readonly<Record<string, string>>;
  readonly environment: readonly string[];
  readonly nofile: readonly [number, number];
  readonly [field: string]: unknown;
}

/** The scripts where every user may read them; `odd` becomes the command behind it. */
function scripts(place: Place) {
  const copy = (name: string) => place.write(name, readFileSync(harness(name), 'utf8'));
  return { odd: [python, copy('odd_parent.py')], state: `${python} ${copy('own_state.py')}` };
}

/** What systemd, too, gives a service of this user (systemd.exec(5)); umask and descriptors are the program's own. */
function usual({ uid, gid }: Account) {
  const none = '0000000000000000';
  return {
    uid: [uid, uid, uid],
    gid: [gid, gid, gid],
    caps: [none, none, none, none],
    // keyrings(7): KeyringMode=private.
    secret: false,
    keyring: true,
    securebits: 0,
    blocked: none,
    // IgnoreSIGPIPE= is the one that hostd does not have.
    ignored: 0,
    pending: [none, none],
    timers: [0, 0, 0],
    nice: 0,
    policy: 0,
    oom: '0',
    personality: 0,
    dumpable: 1,
    parentDeathSignal: 0,
    session: true,
    group: true,
  };
}

function compare(state: State, expected: Record<string, unknown>, what: string): void {
  const found = Object.fromEntries(Object.keys(expected).map(key => [key, state[key]]));
  assert.deepEqual(found, expected, what);
  // None, or best effort at its usual level.
  assert.ok([0, 4, (2 << 13) | 4].includes(Number(state['ioprio'])), `${what}: ioprio ${state['ioprio']}`);
  assert.equal(state.nofile[0], 1000, what);
}

async function oddHostd(t: TestContext) {
  const place = makePlace(t);
  const { a } = isRoot ? await testAccounts() : { a: self() };
  const { odd, state } = scripts(place);
  chownSync(place.directory('out'), a.uid, a.gid);
  const file = (name: string) => `${place.dir}/out/${name}.json`;
  const program = (name: string, more = {}) => ({ command: `${state} ${file(name)}`, ...more });
  const app = await tinyApp(place, { account: a, keys: { health: '/slow?s=0.2' } });
  const hostd = await startHostd(place, {
    under: odd,
    apps: [app],
    env: { SECRET_OF_ROOT: 'x', LD_LIBRARY_PATH: '/nowhere' },
    config: {
      program: {
        plain: program('plain', { user: a.name, directory: '/' }),
        ...(isRoot ? { root: program('root', { directory: '/' }) } : {}),
      },
    },
  });
  const read = async (name: string) => {
    await until(`the state of ${name}`, () => existsSync(file(name)));
    return JSON.parse(readFileSync(file(name), 'utf8')) as State;
  };
  return { place, hostd, a, state, read };
}

const variables = ['HOME', 'HOSTD_RUN', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'USER'];

test('programs, hostctl exec, the workers and the probes have nothing of hostd’s', async t => {
  const { hostd, a, state, read } = await oddHostd(t);
  const plain = await read('plain');
  const own = { umask: 0o022, cwd: '/', terminal: false, noNewPrivs: '1' };
  compare(plain, { ...usual(a), ...own }, 'plain');
  assert.deepEqual(Object.keys(plain.fds), ['0', '1', '2']);
  assert.deepEqual(plain.environment, variables);
  const [, script = ''] = state.split(' ');
  const { stdout, stderr, code } = await hostd.hostctl('exec', 'plain', '-T', '--', python, script);
  assert.equal(code, 0, stderr);
  const ran = JSON.parse(stdout) as State;
  compare(ran, { ...usual(a), ...own }, 'exec');
  assert.deepEqual(ran.fds, { 0: 'pipe', 1: 'pipe', 2: 'pipe' });
  assert.deepEqual(ran.environment, variables);
  const onTerminal = onTerminalOf(hostd, 'exec', 'plain', '--', python, script);
  compare(onTerminal, { ...usual(a), ...own, terminal: true }, 'exec on a terminal');
  assert.deepEqual(Object.keys(onTerminal.fds), ['0', '1', '2']);
  assert.deepEqual(onTerminal.environment, [...variables, 'TERM'].sort());
  if (isRoot) {
    const root = await read('root');
    const { caps, ...rest } = usual({ name: 'root', uid: 0, gid: 0 });
    assert.equal((root['caps'] as string[])[0], caps[0]);
    assert.equal((root['caps'] as string[])[3], caps[3]);
    assert.notEqual((root['caps'] as string[])[2], caps[2]);
    compare(root, { ...rest, ...own, noNewPrivs: '0' }, 'root');
  }
  checkOwnPrograms(hostd);
});

/** hostctl on a terminal of script(1)'s. */
function onTerminalOf(hostd: Hostd, ...args: readonly string[]): State {
  const command = [`${checkout}/bin/hostctl`, '--socket', hostd.socket, ...args].join(' ');
  const text = execFileSync('script', ['-qec', command, '/dev/null'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as State;
}

/** hostd's own programs, which cannot tell it themselves: what /proc says of them. */
function checkOwnPrograms(hostd: Hostd): void {
  const workers = childrenOf(hostd.pid).filter(({ command }) => command.startsWith('hostd-proxy'));
  assert.equal(workers.length, 1);
  for (const worker of workers) checkFromOutside(worker, proxyAccount());
}

function checkFromOutside({ pid, command }: Process, { uid, gid }: Account): void {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) =>
    new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.split('\t').join(' ');
  for (const [name, value] of [
    ['Uid', `${uid} ${uid} ${uid} ${uid}`],
    ['Gid', `${gid} ${gid} ${gid} ${gid}`],
    ['CapInh', '0000000000000000'],
    ['CapPrm', '0000000000000000'],
    ['CapAmb', '0000000000000000'],
    ['NoNewPrivs', '1'],
    // SIGUSR1 alone, by Node itself under --disable-sigusr1; SIGPIPE and SIGXFSZ by Node.
    ['SigBlk', '0000000000000200'],
    ['SigIgn', '0000000001001000'],
  ])
    if (isRoot || !/^[UG]id/.test(name ?? '')) assert.equal(field(name ?? ''), value, `${command}: ${name}`);
  assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim(), '0');
  assert.equal(readFileSync(`/proc/${pid}/personality`, 'utf8').trim(), '00000000');
  const nice = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[16];
  assert.equal(nice, '0');
  const files = readdirSync(`/proc/${pid}/fd`).map(fd => readlinkSync(`/proc/${pid}/fd/${fd}`));
  assert.ok(!files.includes('/etc/passwd'), files.join(' '));
  assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'latin1'), /SECRET_OF_ROOT|LD_LIBRARY_PATH/);
}

/** close_range(2) is of Linux 5.9, and marks since 5.11; a filter may deny it, clone3(2) and keys as well. */
const newCalls = { close_range: 436, clone3: 435, keyctl: process.arch === 'x64' ? 250 : 219 };

test('where the kernel has no close_range, clone3 or keyctl a program inherits no more', async t => {
  const place = makePlace(t);
  const without = place.write('without.py', readFileSync(harness('without_calls.py'), 'utf8'));
  const { state } = scripts(place);
  const out = `${place.directory('out', 0o777)}/plain.json`;
  chmodSync(`${place.dir}/out`, 0o777);
  const { a } = isRoot ? await testAccounts() : { a: self() };
  await startHostd(place, {
    under: [python, without, Object.values(newCalls).join(',')],
    config: { proxy: { enabled: false }, program: { plain: { command: `${state} ${out}`, user: a.name } } },
  });
  await until('its state', () => existsSync(out));
  const found = JSON.parse(readFileSync(out, 'utf8')) as State;
  assert.deepEqual(Object.keys(found.fds), ['0', '1', '2']);
});

test('a command of hostctl create’s has nothing of the administrator’s who typed it', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const { odd, state } = scripts(place);
  const [, script = ''] = state.split(' ');
  const code = `import { makeRun } from '${new URL('../src/create/run.ts', import.meta.url)}';
    const run = makeRun(() => new AbortController().signal);
    const as = ${JSON.stringify(a)};
    const ran = await run({ as, argv: ['${python}', '${script}'], umask: '077', input: 'x'.repeat(1e6) });
    const failed = await run({ as, argv: ['sh', '-c', 'echo out; echo err >&2; exit 7'] });
    const killed = await run({ as, argv: ['sh', '-c', 'sleep 1000 & kill -9 $$'] });
    const root = await run({ argv: ['id', '-u'] });
    console.log(JSON.stringify({ ran, failed, killed, root }));`;
  chmodSync(place.dir, 0o755);
  const [file = '', ...args] = [...odd, 'sh', '-c', `HOSTD_NOFILE=$(ulimit -Sn) exec "$@"`, 'sh'];
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', code];
  const text = execFileSync(file, [...args, ...node], {
    encoding: 'utf8',
    env: { ...process.env, ...place.env, SECRET_OF_ROOT: 'x' },
  });
  const { ran, failed, killed, root } = JSON.parse(text) as Record<
    string,
    { code: number; stdout: string; stderr: string }
  >;
  assert.equal(ran?.code, 0, ran?.stderr);
  const found = JSON.parse(ran?.stdout ?? '') as State;
  compare(
    found,
    { ...usual(a), groups: [], umask: 0o077, cwd: '/', terminal: false, noNewPrivs: '1' },
    'create',
  );
  assert.deepEqual(found.fds, { 0: 'pipe', 1: 'pipe', 2: 'pipe' });
  assert.deepEqual(found.environment, ['LANG', 'OLDPWD', 'PATH', 'PWD']);
  assert.deepEqual(failed, { code: 7, stdout: 'out\n', stderr: 'err\n' });
  assert.deepEqual(killed, { code: -1, stdout: '', stderr: '' });
  assert.equal(root?.stdout, '0\n');
});
