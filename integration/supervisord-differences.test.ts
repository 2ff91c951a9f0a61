// Small things in which hostd supervisord is to be Supervisor to the word: each is asked of both. And what it loses less of.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from './harness/until.ts';
import { sendRaw } from './supervisor/raw.ts';
import { call, post } from './supervisor/requests.ts';
import { type Daemon, daemons, head, isMissing } from './supervisord/daemon.ts';

/** Writes each event, and the number of characters that follow its first line, into the file that it is given. */
const listener = `import sys, time
out, pause = open(sys.argv[1], 'a'), float(sys.argv[2])
while True:
    sys.stdout.write('READY\\n'); sys.stdout.flush()
    words = dict(word.split(':') for word in sys.stdin.readline().split())
    if not words: break
    payload = sys.stdin.read(int(words['len']))
    first, _, rest = payload.partition('\\n')
    out.write('%s %s %d\\n' % (words['eventname'], first, len(rest))); out.flush()
    time.sleep(pause)
    sys.stdout.write('RESULT 2\\nOK'); sys.stdout.flush()
`;

const listenerSection = (events: string, pause = 0, more = '') =>
  `[eventlistener:ear]\ncommand=python3 %DIR%/ear.py %DIR%/events ${pause}\nevents=${events}\n${more}`;

function eventsOf({ dir }: Daemon): string[] {
  const file = join(dir, 'events');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

/** Lines of the main log about these processes, without what Supervisor says only in its own time. */
function about(daemon: Daemon, names: readonly string[]): string[] {
  const lines = daemon
    .tidy(daemon.log())
    .replaceAll(/^\S+ \S+,\d{3} /gm, '')
    .split('\n');
  const ends = lines.filter(line => /(exited|stopped|reaped)/.test(line));
  return [...new Set(ends.filter(line => names.some(name => line.includes(` ${name} `))))].sort();
}

const signals = [3, 6, 11, 29, 34, 40, 64];

test('signals have the names, core dumps and numbers that Supervisor gives them', {
  skip: isMissing,
}, async t => {
  const { real, ours } = daemons(t);
  const both = [real, ours];
  const ends = signals.map(
    number => `[program:s${number}]
command=python3 -c "import os; os.chdir('%DIR%/s${number}'); os.kill(os.getpid(), ${number})"
autorestart=false
startsecs=0
`,
  );
  const stops = ['RTMIN', '64', 'sigabrt'].map(
    (signal, index) =>
      `[program:stop${index}]\ncommand=sleep 1000\nstopsignal=${signal}\nstopasgroup=${index === 1}\n`,
  );
  for (const daemon of both) {
    for (const number of signals) daemon.directory(`s${number}`);
    daemon.write('s.conf', head + ends.join('') + stops.join(''));
    // A process that supervisord has not started itself is its child, and limits come from outside.
    daemon.startBy('ulimit -c unlimited; sh -c "sleep 4; exit 3" & exec "$@"', '-n');
  }
  const names = [
    ...signals.map(number => `s${number}`),
    ...stops.map((_, index) => `stop${index}`),
    'unknown',
  ];
  await until(
    'both to have said it',
    async () => {
      for (const daemon of both)
        if ((await daemon.ctl('stop', 'stop0', 'stop1', 'stop2')).includes('no such file')) return false;
      const [theirs = [], own = []] = both.map(daemon => about(daemon, names));
      return theirs.length === names.length && own.length === names.length;
    },
    { timeout: 30_000, every: 300 },
  );
  assert.deepEqual(about(ours, names), about(real, names));
});

test('the count of tries goes on after a stop between two of them', { skip: isMissing }, async t => {
  const { real, ours } = daemons(t);
  for (const daemon of [real, ours]) {
    daemon.write('ear.py', listener);
    const bad = '[program:bad]\ncommand=/bin/false\nautostart=false\nstartretries=3\nstartsecs=60\n';
    daemon.write('s.conf', head + bad + listenerSection('PROCESS_STATE'));
    daemon.start('-n');
  }
  const tries = async (daemon: Daemon) => {
    const own = () => eventsOf(daemon).filter(line => line.includes('processname:bad'));
    const say = (method: string) =>
      sendRaw(join(daemon.dir, 's.sock'), call(`supervisor.${method}`, 'bad', false).bytes);
    const wait = (what: string) =>
      until(what, () => own().some(line => line.includes(what)), { timeout: 30_000 });
    await until('it runs', async () => (await daemon.ctl('status', 'ear')).includes('RUNNING'), {
      timeout: 20_000,
    });
    await say('startProcess');
    await wait('from_state:STARTING tries:3');
    await say('stopProcess');
    await wait('from_state:BACKOFF pid:0');
    await say('startProcess');
    await wait('PROCESS_STATE_FATAL');
    return own();
  };
  const [theirs, own] = await Promise.all([tries(real), tries(ours)]);
  assert.deepEqual(own, theirs);
});

test('what supervisord is given for its processes they are given', {
  skip: isMissing || (process.getuid?.() !== 0 && 'needs root'),
}, async t => {
  const { real, ours } = daemons(t);
  const look = 'nice; chrt -p $$ | sed s/pid.[0-9]*//; ionice -p $$; umask; exec sleep 1000';
  for (const daemon of [real, ours]) {
    daemon.write('look.sh', look);
    daemon.write('s.conf', `${head}[program:a]\ncommand=sh %DIR%/look.sh\n`);
    daemon.startBy('umask 027; exec nice -n -3 ionice -c 2 -n 1 "$@"', '-n');
  }
  const said = async (daemon: Daemon) =>
    until(
      'it has looked',
      async () => {
        const text = await daemon.ctl('tail', 'a');
        return /\n\d{4}\n/.test(text) && text;
      },
      { timeout: 20_000 },
    );
  const [theirs, own] = await Promise.all([said(real), said(ours)]);
  assert.match(theirs, /^-3\n/);
  assert.equal(own, theirs);
});

test('of much output no event is lost while the listener answers in time', async t => {
  const { ours: daemon } = daemons(t);
  const bytes = 12_000_000;
  daemon.write('ear.py', listener);
  const loud = `[program:loud]
command=sh -c 'head -c ${bytes} /dev/zero; exec sleep 1000'
autostart=false
stdout_events_enabled=true
stdout_logfile=NONE
`;
  daemon.write('s.conf', head + loud + listenerSection('PROCESS_LOG', 0.003, 'buffer_size=20\n'));
  daemon.start('-n');
  await until('it runs', async () => (await daemon.ctl('status', 'ear')).includes('RUNNING'), {
    timeout: 20_000,
  });
  await daemon.ctl('start', 'loud');
  const heard = () => eventsOf(daemon).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  const lost = () =>
    daemon
      .log()
      .split('\n')
      .filter(line => line.includes('overflowed'));
  await until(`${bytes} bytes`, () => heard() >= bytes || lost().length > 0, { timeout: 60_000 });
  assert.deepEqual(lost(), []);
});

test('the log tells of requests, of what is wrong with them, and of stops; a reread takes over the identifier', {
  skip: isMissing,
}, async t => {
  const { real, ours } = daemons(t);
  const said = async (daemon: Daemon) => {
    const write = (identifier: string) =>
      daemon.write(
        's.conf',
        head.replace('[rpcinterface', `loglevel=trace\nidentifier=${identifier}\n[rpcinterface`) +
          '[program:cat]\ncommand=cat\n',
      );
    write('first');
    daemon.start('-n');
    await until('it runs', async () => (await daemon.ctl('status', 'cat')).includes('RUNNING'), {
      timeout: 60_000,
    });
    const ask = (bytes: Buffer) => sendRaw(join(daemon.dir, 's.sock'), bytes);
    const answers: string[] = [];
    write('second');
    for (const bytes of [
      post('<methodCall>'),
      post(`<methodCall><params/>it's "so"</methodCall>`),
      call('supervisor.getProcessInfo', 'nosuch').bytes,
      call('supervisor.stopProcess', 'cat').bytes,
      call('supervisor.getIdentification').bytes,
      call('supervisor.reloadConfig').bytes,
      call('supervisor.getIdentification').bytes,
    ])
      answers.push((await ask(bytes)).text.replace(/Date: .*/, ''));
    const lines = daemon.tidy(daemon.log()).replaceAll(/^\S+ \S+,\d{3} /gm, '');
    const told = lines
      .slice(lines.indexOf('ERRO XML-RPC'))
      .split('\n')
      // When it is answered that something was stopped is a matter of moments.
      .filter(line => /XML-RPC|HTTP/.test(line) && !line.includes('stopProcess'))
      .map(line => line.replace(/\[\d.*?\]/, '[TIME]'));
    return { answers, told, medusa: /TRAC \S*Medusa.*\n.*\n.*/.exec(lines)?.[0].replace(/at .*/, 'at TIME') };
  };
  const [theirs, own] = await Promise.all([said(real), said(ours)]);
  assert.deepEqual(own, theirs);
  assert.ok(own.told.length > 12);
  // Supervisor leaves this out where the process has ended before it looks.
  assert.match(ours.log(), /INFO waiting for cat to stop\n/);
});

test('a log that was deleted is there again when it is cleared, if the daemon writes it', {
  skip: isMissing,
}, async t => {
  const { real, ours } = daemons(t);
  await Promise.all(
    [real, ours].map(async daemon => {
      const log = join(daemon.dir, 'tick.log');
      const program = `[program:tick]
command=sh -c 'while :; do echo tick; sleep 0.1; done'
stdout_logfile=%DIR%/tick.log
stdout_events_enabled=true
`;
      daemon.write('s.conf', head + program);
      daemon.start('-n');
      await until('the log', () => existsSync(log) && readFileSync(log, 'utf8').includes('tick'));
      rmSync(log);
      assert.equal(await daemon.ctl('clear', 'tick'), 'tick: cleared\n(0)');
      await until('the log again', () => existsSync(log) && readFileSync(log, 'utf8').startsWith('tick\n'));
    }),
  );
});
