// From supervisord.conf to TOML without a stop: the processes of hostd supervisord go on as programs of hostd start.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { type Ran, run } from '../scripts/run.ts';
import { isRoot, testAccounts } from './harness/accounts.ts';
import { checkout, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

/** An event listener: notes what it is told. */
const ear = `echo READY
while read -r header; do
  dd bs=1 count="${'$'}{header##*len:}" 2>/dev/null
  echo
  printf 'RESULT 2\\nOKREADY\\n' >&3
done 3>&1 >>"$1"
`;

const ticker = `sh -c 'i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.1; done'`;

function configuration(dir: string, user: string | null): string {
  return `[unix_http_server]
file=${dir}/s.sock
[supervisord]
logfile=${dir}/s.log
pidfile=${dir}/s.pid
childlogdir=${dir}/childlogs
environment=SHARED="s1"
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${dir}/s.sock
[program:own]
command=${ticker}
stdout_logfile=${dir}/own/own.log
stderr_logfile=NONE
${user === null ? '' : `user=${user}\n`}
[program:auto]
command=${ticker}
environment=A="x y"
directory=/usr/
[program:talks]
command=${ticker}
stdout_events_enabled=true
[program:worker]
command=sleep 1000
numprocs=2
process_name=%(program_name)s_%(process_num)02d
autorestart=true
[group:pair]
programs=worker
[eventlistener:ear]
command=sh ${dir}/ear.sh ${dir}/heard
events=PROCESS_STATE_EXITED
stdout_logfile=${dir}/own/ear.log
`;
}

/** hostd supervisord in the foreground, and what is done to it. */
class Supervisord {
  readonly place: Place;
  readonly file: string;
  process: ChildProcess | null = null;
  output = '';

  constructor(place: Place, text: string) {
    this.place = place;
    this.file = place.write('s.conf', text);
    place.directory('childlogs');
    place.write('ear.sh', ear);
    place.after(async () => {
      if (this.process === null || this.process.exitCode !== null || this.process.signalCode !== null) return;
      this.process.kill('SIGTERM');
      await once(this.process, 'exit');
    });
  }

  get environment() {
    const { dir, env } = this.place;
    return { PATH: process.env['PATH'], HOME: dir, HOSTD_RUNTIME_DIR: `${dir}/srun`, ...env };
  }

  start(): ChildProcess {
    const child = spawn(`${checkout}/bin/hostd`, ['supervisord', '-n', '-c', this.file], {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (this.output += chunk));
    this.process = child;
    return child;
  }

  handOver(...args: readonly string[]): Promise<Ran> {
    const own = ['supervisord', '-c', this.file, '--hand-over', '--to', `${this.place.dir}/etc/hostd.toml`];
    return run([`${checkout}/bin/hostd`, ...own, ...args], { env: this.environment, timeout: 60_000 });
  }

  ctl(...args: readonly string[]): Promise<Ran> {
    const link = `${this.place.dir}/supervisorctl`;
    return run(
      [
        'sh',
        '-c',
        `[ -e ${link} ] || ln -s ${checkout}/bin/hostctl ${link}; exec ${link} "$@"`,
        'sh',
        '-c',
        this.file,
        ...args,
      ],
      {
        env: this.environment,
        timeout: 60_000,
      },
    );
  }

  /** By name, once all six run. */
  pids(): Promise<Map<string, number>> {
    return until(
      'all processes to run',
      async () => {
        const { stdout } = await this.ctl('status');
        const found = [...stdout.matchAll(/^(\S+) +RUNNING +pid (\d+)/gm)];
        return found.length === 6
          ? new Map(found.map(([, name = '', pid]) => [name, Number(pid)]))
          : undefined;
      },
      { timeout: 30_000, every: 100 },
    );
  }
}

/** A zombie, which waits for the machine's init, has no command line. */
function isAlive(pid: number | undefined): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

const lastTick = (path: string) => Number(/tick (\d+)\n$/.exec(readFileSync(path, 'utf8'))?.[1] ?? 0);

/** hostd's files, and the tables of apps.d that `hostctl import` makes of supervisord.conf. hostd does not run. */
async function prepare(place: Place, supervisord: Supervisord) {
  const hostd = await startHostd(place, { config: { proxy: { enabled: false } } });
  await hostd.stop();
  const imported = await hostd.hostctl(
    'import',
    'supervisor',
    supervisord.file,
    '--out',
    `${place.dir}/etc/apps.d`,
  );
  assert.equal(imported.code, 0, imported.stderr);
  return hostd;
}

test('processes of hostd supervisord go on under hostd start: same pids, same logs, stopped and restarted by it', async t => {
  const place = makePlace(t);
  const user = isRoot ? (await testAccounts()).a : null;
  place.directory('own');
  const supervisord = new Supervisord(place, configuration(place.dir, user?.name ?? null));
  supervisord.start();
  const before = await supervisord.pids();
  const stopped = await prepare(place, supervisord);

  await t.test('what cannot go on is said before anything is done', async () => {
    const table = `${place.dir}/etc/apps.d/auto.toml`;
    const text = readFileSync(table, 'utf8');
    place.write('etc/apps.d/auto.toml', text.replace('"x y"', '"another"'));
    const said = await supervisord.handOver();
    assert.equal(said.code, 1);
    assert.match(
      said.stderr,
      /^cannot hand over "auto": \[program\.auto\] of \S+auto\.toml says another environment\n {2}try: supervisorctl stop auto; hostd starts it by its table\nnothing was handed over\n$/m,
    );
    place.write('etc/apps.d/auto.toml', text);
    const unsaid = await run(
      [`${checkout}/bin/hostd`, 'supervisord', '-c', supervisord.file, '--hand-over', '--to'],
      { env: supervisord.environment },
    );
    assert.equal(unsaid.code, 2);
    assert.match(unsaid.stderr, /^Error: option --to requires argument\n/);
    const dry = await supervisord.handOver('--dry-run');
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(
      dry.stdout,
      new RegExp(
        `^pair:worker_00: would go on as pair:worker_00 \\(pid ${before.get('pair:worker_00')}\\)$`,
        'm',
      ),
    );
    assert.deepEqual(await supervisord.pids(), before);
  });

  await t.test(
    'killed while it waits for the end of supervisord, it does the rest when it is called again',
    async () => {
      const child = spawn(
        `${checkout}/bin/hostd`,
        ['supervisord', '-c', supervisord.file, '--hand-over', '--to', stopped.config],
        {
          env: supervisord.environment,
          stdio: 'ignore',
        },
      );
      await until('supervisord to end', () => supervisord.process?.exitCode !== null, { timeout: 30_000 });
      child.kill('SIGKILL');
      await until('it to end', () => child.exitCode !== null || child.signalCode !== null);
      assert.equal(supervisord.process?.exitCode, 0);
      assert.equal(existsSync(`${place.dir}/s.pid`), false);
      const again = await supervisord.handOver();
      assert.equal(again.code, 0, again.stderr);
      for (const pid of before.values()) assert.ok(isAlive(pid));
    },
  );

  await t.test('no supervisord begins beside it', async () => {
    const child = supervisord.start();
    const [code] = (await once(child, 'exit')) as [number];
    assert.equal(code, 1);
    assert.match(
      supervisord.output,
      /cannot start: its processes were handed over to the hostd with state directory/,
    );
  });

  const hostd = await stopped.again();
  const pidOf = async (name: string) => (await hostd.status()).find(program => program.name === name)?.pid;
  await t.test('hostd start has them, and starts nothing', async () => {
    const now = new Map((await hostd.status()).map(({ name, pid }) => [name, pid]));
    assert.deepEqual([...now].sort(), [...before].sort());
    assert.doesNotMatch(hostd.output(), /since it was started|spawned/);
  });

  await t.test(
    'their output goes on: in a log of its own, in one that was AUTO, through a FIFO',
    async () => {
      const logs = [
        `${place.dir}/own/own.log`,
        `${place.dir}/log/auto-stdout.log`,
        `${place.dir}/log/talks-stdout.log`,
      ];
      for (const log of logs) {
        const tick = lastTick(log);
        await until(`${log} to grow`, () => lastTick(log) > tick + 2);
        assert.match(readFileSync(log, 'utf8'), /^tick 1\ntick 2\ntick 3\n/, 'from its beginning');
      }
      if (user !== null) assert.equal(statSync(`${place.dir}/own/own.log`).uid, user.uid);
    },
  );

  await t.test('one that dies is started again, with its log, and the listener is told of it', async () => {
    const log = `${place.dir}/own/own.log`;
    const pid = before.get('own') ?? 0;
    process.kill(pid, 'SIGKILL');
    const word = `processname:own groupname:own from_state:RUNNING expected:0 pid:${pid}\n`;
    await until('the listener to hear of it', () => readFileSync(`${place.dir}/heard`, 'utf8') === word);
    await until('another one', async () => ![pid, undefined, null].includes(await pidOf('own')));
    await until('its first line', () => /tick \d{2,}\n(?:.*\n)*tick 1\n/.test(readFileSync(log, 'utf8')));
  });

  await t.test('a stop ends one, and hostd ends all', async () => {
    assert.equal((await hostd.hostctl('stop', 'auto')).code, 0);
    assert.equal(isAlive(before.get('auto')), false);
    assert.equal(await hostd.stop(), 0);
    for (const pid of before.values()) assert.equal(isAlive(pid), false);
  });

  await t.test('and back: supervisord begins again when none of them lives', async () => {
    supervisord.start();
    await supervisord.pids();
    rmSync(`${place.dir}/etc`, { recursive: true });
  });
});
