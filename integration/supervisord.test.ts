// hostd supervisord beside Debian's supervisord: the same configuration under both, and unmodified supervisorctl says the same of it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from './harness/until.ts';
import { Daemon, daemons, head, hostd, isMissing, supervisorctl } from './supervisord/daemon.ts';

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
  const daemon = new Daemon(ours.place, ours.dir, [link]);
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
