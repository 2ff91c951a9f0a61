// hostd supervisord beside Debian's supervisord: the same configuration under both, and unmodified supervisorctl says the same of it.

import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makePlace } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';
import { until } from './harness/until.ts';

const supervisord = findProgram('supervisord');
const supervisorctl = findProgram('supervisorctl');
const hostd = new URL('../bin/hostd', import.meta.url).pathname;
const isMissing = supervisord === undefined || supervisorctl === undefined;
const isRoot = process.getuid?.() === 0;

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A daemon of either kind with its files in a directory of its own. */
class Daemon {
  readonly dir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly #command: readonly string[];
  process: ChildProcess | null = null;

  constructor(dir: string, command: readonly string[]) {
    this.dir = dir;
    this.#command = command;
    for (const name of ['log', 'conf.d']) mkdirSync(join(dir, name), { recursive: true });
    this.environment = {
      PATH: path,
      HOME: '/root',
      LANG: 'C.UTF-8',
      ODD: '50%',
      HOSTD_RUNTIME_DIR: join(dir, 'run'),
    };
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.dir, name), text.replaceAll('%DIR%', this.dir));
  }

  start(...args: string[]): ChildProcess {
    const [file = '', ...first] = this.#command;
    const child = spawn(file, [...first, '-c', join(this.dir, 's.conf'), ...args], {
      env: this.environment,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.resume();
    child.stderr?.resume();
    this.process = child;
    return child;
  }

  /** What supervisorctl prints, with what differs from run to run replaced, and its exit code. */
  ctl(...args: string[]): Promise<string> {
    const command = ['-c', join(this.dir, 's.conf'), ...args];
    return new Promise(resolve => {
      execFile(supervisorctl ?? '', command, { env: this.environment }, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        resolve(`${this.tidy(stdout + stderr)}(${code})`);
      });
    });
  }

  /** The same of a session in supervisorctl's own shell. */
  session(questions: readonly string[]): Promise<string> {
    return new Promise(resolve => {
      const child = execFile(
        supervisorctl ?? '',
        ['-c', join(this.dir, 's.conf')],
        { env: this.environment },
        (_error, stdout, stderr) => resolve(this.tidy(stdout + stderr)),
      );
      child.stdin?.end(questions.map(question => `${question}\n`).join(''));
    });
  }

  tidy(text: string): string {
    return text
      .replaceAll(this.dir, '%DIR%')
      .replaceAll(/pid \d+, uptime \S+/g, 'pid N, uptime T')
      .replaceAll(/\w{3} \d\d \d\d:\d\d [AP]M/g, 'DATE')
      .replaceAll(/pid \d+/g, 'pid N')
      .replaceAll(/\(\d+\) with SIGKILL/g, '(N) with SIGKILL')
      .replaceAll(/-\w{8}\.log/g, '-X.log');
  }

  log(): string {
    return readFileSync(join(this.dir, 's.log'), 'utf8');
  }

  async stop(): Promise<void> {
    const { process: child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}

function daemons(t: TestContext): { real: Daemon; ours: Daemon } {
  const place = makePlace(t);
  const real = new Daemon(join(place.dir, 'real'), [supervisord ?? '']);
  const ours = new Daemon(join(place.dir, 'ours'), [hostd, 'supervisord']);
  t.after(() => Promise.all([real.stop(), ours.stop()]));
  return { real, ours };
}

const head = `[unix_http_server]
file=%DIR%/s.sock
[supervisord]
logfile=%DIR%/s.log
pidfile=%DIR%/s.pid
childlogdir=%DIR%/log
user=${isRoot ? 'root' : process.getuid?.()}
environment=SHARED="s1"
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%DIR%/s.sock
`;

const programs = `[program:cat]
command=/bin/cat
[program:fatal]
command=/bin/false
startretries=0
[program:missing]
command=/nonexistent/x
startretries=0
[program:notexec]
command=/etc/passwd
startretries=0
[program:folder]
command=/etc/
startretries=0
[program:empty]
command=
startretries=0
[program:quote]
command=echo "x
startretries=0
[program:manual]
command=sleep 1000
autostart=false
[program:ended]
command=sh -c 'sleep 1.5; exit 3'
autorestart=false
[program:chdir]
command=sleep 5
directory=/nosuch
startretries=0
[program:env]
command=sh -c 'env | grep -v "^HOSTD_\\|^_=\\|^PWD=" | sort; umask; pwd; id -u; exec sleep 1000'
environment=OWN="x y"
umask=027
[program:big]
command=sh -c 'printf 0123456789; printf err >&2; exec sleep 1000'
redirect_stderr=true
[program:g1]
command=sleep 1000
[program:g2]
command=sleep 1000
numprocs=2
process_name=%(program_name)s_%(process_num)02d
[group:grp]
programs=g1,g2
priority=10
[program:slow]
command=sh -c 'trap "" TERM; while :; do sleep 1; done'
stdout_logfile=NONE
stopwaitsecs=1
[include]
files=conf.d/*.conf
`;

/** What is asked of both, one after the other. */
const questions = [
  'status',
  'status cat nosuch grp:* nosuch:*',
  'status all',
  'avail',
  'tail env',
  'tail chdir stderr',
  'tail slow',
  'tail big',
  'tail -4 big',
  'tail cat foo',
  'tail big stderr',
  'start cat',
  'stop cat',
  'stop cat',
  'status cat',
  'start fatal',
  'start missing',
  'start notexec',
  'start folder',
  'start empty',
  'start quote',
  'start chdir',
  'start nosuch',
  'start grp:nosuch',
  'start nosuch:*',
  'restart cat',
  'stop grp:g1',
  'start grp:g1',
  'signal HUP manual',
  'signal NOSUCH cat',
  'pid manual',
  'clear env',
  'tail env',
  'clear all',
  'stop slow',
  'reread',
  'update',
  'version',
];

/** Those of which the exit code is looked at, too. */
const exits = [
  'status',
  'status cat',
  'start fatal',
  'stop manual',
  'signal HUP manual',
  'tail slow',
  'pid manual',
];

test('supervisorctl sees no difference', { skip: isMissing }, async t => {
  const { real, ours } = daemons(t);
  const both = [real, ours];
  for (const daemon of both) {
    daemon.write('s.conf', head + programs);
    daemon.write('conf.d/a.conf', '[program:late]\ncommand=sleep 1000\n');
    daemon.start('-n');
  }
  const ask = async (question: string) => {
    const [theirs, own] = await Promise.all(both.map(daemon => daemon.ctl(...question.split(' '))));
    assert.equal(own, theirs, question);
  };
  /** Both have come to rest. */
  const settle = () =>
    until('both say the same', async () => {
      const [theirs, own] = await Promise.all(both.map(daemon => daemon.ctl('status')));
      return theirs === own && !/STARTING|BACKOFF|STOPPING|ended +RUNNING|no such file/.test(own ?? '');
    });
  await settle();
  const sessions = await Promise.all(both.map(daemon => daemon.session(questions)));
  assert.equal(sessions[1], sessions[0]);
  for (const question of exits) await ask(question);
  const change = async (text: string | null, ...then: string[]) => {
    for (const daemon of both) {
      if (text === null) rmSync(join(daemon.dir, 'conf.d/a.conf'), { force: true });
      else daemon.write('conf.d/a.conf', text);
    }
    for (const question of then) await ask(question);
  };
  await change(
    '[program:late]\ncommand=sleep 1001\n[program:fresh]\ncommand=sleep 1000\nautostart=false\n',
    ...[
      'reread',
      'avail',
      'add late',
      'add fresh',
      'add nosuch',
      'remove late',
      'remove nosuch',
      'update',
      'update',
    ],
  );
  await settle();
  await change(null, 'update late', 'update', 'status fresh', 'reread');
  await change('[program:bad]\ncommand=sleep 1\nuser=nosuchuser\n', 'reread', 'update', 'status cat');
  await change('junk\n', 'reread');
  await change(null, 'reread');
  await t.test('the main log has the same words', () => {
    const words = ({ log }: { log: string[] }) => new Set(log);
    const lines = (daemon: Daemon) =>
      daemon
        .tidy(daemon.log())
        .replaceAll(/^\S+ \S+,\d{3} /gm, '')
        .split('\n')
        // Supervisor notices the end of a process only in its turn.
        .filter(line => !/^INFO (waiting for|success: (chdir|fatal))/.test(line));
    assert.deepEqual([...words({ log: lines(ours) })].sort(), [...words({ log: lines(real) })].sort());
  });
  await t.test('logs are named alike', () => {
    const names = (daemon: Daemon) =>
      readdirSync(join(daemon.dir, 'log'))
        .map(name => daemon.tidy(name))
        .sort();
    assert.deepEqual(names(ours), names(real));
  });
  // Supervisor takes its time, a second for each group.
  real.process?.kill('SIGKILL');
  assert.equal(await ours.ctl('shutdown'), 'Shut down\n(0)');
  if (ours.process?.exitCode === null) await once(ours.process, 'exit');
  assert.equal(ours.process?.exitCode, 0);
  assert.deepEqual(
    ['s.sock', 's.pid'].filter(name => existsSync(join(ours.dir, name))),
    [],
  );
});

test('a link named supervisord becomes a daemon; killed, it is followed by one that goes on with its processes', {
  skip: supervisorctl === undefined,
}, async t => {
  const { ours } = daemons(t);
  const link = join(ours.dir, 'supervisord');
  symlinkSync(hostd, link);
  const daemon = new Daemon(ours.dir, [link]);
  daemon.write('s.conf', `${head}[program:a]\ncommand=sleep 1000\n[program:b]\ncommand=sleep 1000\n`);
  const begin = async () => {
    const [code] = (await once(daemon.start(), 'exit')) as [number];
    return code;
  };
  const pidOf = (name: string) => daemon.ctl('pid', name);
  const pidFile = () => Number(readFileSync(join(ours.dir, 's.pid'), 'utf8'));
  const isUp = () =>
    until('both run', async () => /a +RUNNING.*\nb +RUNNING/.test(await daemon.ctl('status')));
  assert.equal(await begin(), 0);
  await isUp();
  const [a, b] = [await pidOf('a'), await pidOf('b')];
  assert.equal(await begin(), 2, 'a second one is refused');
  process.kill(pidFile(), 'SIGKILL');
  daemon.write('s.conf', `${head}[program:a]\ncommand=sleep 1000\n[program:c]\ncommand=sleep 1000\n`);
  assert.equal(await begin(), 0);
  await until('the new one is there', async () =>
    /a +RUNNING.*\nc +RUNNING/.test(await daemon.ctl('status')),
  );
  assert.equal(await pidOf('a'), a);
  const gone = Number.parseInt(b, 10);
  await until('what is not configured any more has ended', () => !existsSync(`/proc/${gone}`));
  const before = pidFile();
  process.kill(before, 'SIGHUP');
  await until(
    'it has begun anew',
    async () => /a +RUNNING.*\nc +RUNNING/.test(await daemon.ctl('status')) && (await pidOf('a')) !== a,
  );
  assert.equal(pidFile(), before, 'as the same process');
  assert.match(daemon.log(), /WARN received SIGHUP indicating restart request/);
  assert.match(await daemon.ctl('shutdown'), /^Shut down/);
  await until(
    'its files are gone',
    () => !existsSync(join(ours.dir, 's.pid')) && !existsSync(join(ours.dir, 's.sock')),
  );
});
