// Event listeners under hostd and under the genuine Supervisor: the same programs, the same bytes but for pids, times and the order
// between programs. And listeners that misbehave, die, or are left by a hostd that was killed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { run } from '../scripts/run.ts';
import { checkout, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';

const hasSupervisor = existsSync('/usr/bin/supervisord');

/** Writes what it is sent to a file; argv: the file, and how it behaves. */
const recorder = `
import os, sys, time
out = open(sys.argv[1], 'ab', 0)
ways = sys.argv[2:]
say = lambda words: os.write(1, words)
seen = 0
while True:
    if 'cut' in ways:
        for byte in b'READY\\n':
            say(bytes([byte])); time.sleep(0.002)
    else:
        say(b'READY\\n')
    head = sys.stdin.buffer.readline()
    if not head: break
    fields = dict(part.split(':', 1) for part in head.decode().split())
    data = b''
    while len(data.decode('utf8', 'replace')) < int(fields['len']) or data[-1:] > b'\\x7f' and not valid(data): data += sys.stdin.buffer.read(1)
    out.write(head + b'[' + data + b']\\n')
    seen += 1
    if 'reject' in ways and seen == 1: say(b'RESULT 4\\nFAIL'); continue
    if 'die' in ways and not os.path.exists(sys.argv[1] + '.died'):
        open(sys.argv[1] + '.died', 'w').close(); os._exit(1)
    if 'babble' in ways and seen == 2: say(b'what?\\n'); time.sleep(3600)
    say(b'RESULT 2\\nOK')
`;

const talker = `
for i in 1 2 3; do echo "line $i"; sleep 0.15; done
printf 'caf\\303\\251\\n'; sleep 0.15
printf 'a<!--XSUPERVISOR:BEGIN-->caught'; sleep 0.15; printf ' twice<!--XSUPER'; sleep 0.15; printf 'VISOR:END-->and after it more text\\n'; sleep 0.15
printf 'bad \\210 bytes and enough of them\\n' >&2
exec sleep 1000
`;

interface Told {
  readonly name: string;
  readonly payload: string;
  readonly head: string;
}

function readEvents(file: string): Told[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text
    .split(/^(?=ver:3\.0 )/m)
    .filter(Boolean)
    .map(entry => {
      const end = entry.indexOf('\n');
      const head = entry.slice(0, end);
      const name = /eventname:(\S+)/.exec(head)?.[1] ?? '';
      return { name, head, payload: entry.slice(end + 2, entry.lastIndexOf(']')) };
    });
}

/**
 * By program and kind, in their order; pids and times are no part of it, nor is what depends on when it is read: which of two pipes
 * comes first, and how many pieces an output comes in.
 */
function byProgram(events: readonly Told[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { name, payload, head } of events) {
    if (name.startsWith('TICK')) continue;
    const program = /groupname:(\S+)/.exec(payload)?.[1] ?? '';
    const isOutput = name.startsWith('PROCESS_LOG');
    const key = isOutput || name.startsWith('PROCESS_COMMUNICATION') ? `${program} ${name}` : program;
    const line = `${head.replace(/serial:\d+/g, 'serial').replace(/len:\d+/, 'len')} ${payload.replace(/pid:\d+/, 'pid')}`;
    const before = found[key] ?? [];
    const [first = '', ...rest] = line.split('\n');
    if (isOutput && before[0]?.startsWith(`${first}\n`)) found[key] = [before[0] + rest.join('\n')];
    else found[key] = [...before, line];
  }
  return found;
}

const done = (events: readonly Told[]) =>
  events.some(({ name, payload }) => name === 'PROCESS_STATE_FATAL' && payload.includes('quick')) &&
  events.some(({ name, payload }) => name === 'PROCESS_LOG_STDERR' && payload.includes('bad')) &&
  events.filter(({ name, payload }) => name === 'PROCESS_STATE_EXITED' && payload.includes('once')).length ===
    1 &&
  events.some(({ name }) => name === 'TICK_5');

/** What a listener hears from this daemon, which is told to run a supervisord.conf. */
async function heardFrom(
  daemon: readonly string[],
  place: Place,
  talk: string,
  record: string,
): Promise<Told[]> {
  const dir = place.directory(daemon[0]?.endsWith('hostd') ? 'like' : 'genuine');
  const file = place.write(
    `${dir.slice(place.dir.length + 1)}/supervisord.conf`,
    `
[supervisord]
logfile=${dir}/supervisord.log
pidfile=${dir}/supervisord.pid
childlogdir=${dir}
[unix_http_server]
file=${dir}/s.sock
[supervisorctl]
serverurl=unix://${dir}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[eventlistener:rec]
command=/usr/bin/python3 ${record} ${dir}/heard.log
events=EVENT
buffer_size=100
startsecs=0
[program:talk]
command=/bin/sh ${talk}
stdout_events_enabled=true
stderr_events_enabled=true
stdout_capture_maxbytes=1MB
startsecs=0
[program:quick]
command=/bin/false
startretries=1
[program:once]
command=/bin/sh -c "sleep 1.5; exit 0"
`,
  );
  const [command = '', ...first] = daemon;
  const child = spawn(command, [...first, '-n', '-c', file], {
    env: { ...process.env, ...place.env },
    stdio: 'ignore',
  });
  const log = `${dir}/heard.log`;
  try {
    await until('the events of the genuine one', () => done(readEvents(log)));
    await run(['/usr/bin/supervisorctl', '-c', file, 'stop', 'talk'], { timeout: 120_000 });
    await until('talk to have been stopped', () => isStopped(readEvents(log)));
  } finally {
    const ended = new Promise(resolve => child.on('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
  return readEvents(log);
}

const isStopped = (events: readonly Told[]) =>
  events.some(({ name, payload }) => name === 'PROCESS_STATE_STOPPED' && payload.includes('talk'));

test('a listener is sent what the genuine Supervisor sends', {
  skip: !hasSupervisor && 'no supervisord',
}, async t => {
  const place = makePlace(t);
  const { dir } = place;
  const record = place.write('record.py', recorder);
  const talk = place.write('talk.sh', talker);
  const wanted = heardFrom(['/usr/bin/supervisord'], place, talk, record);
  const like = heardFrom([`${checkout}/bin/hostd`, 'supervisord'], place, talk, record);
  const hostd = await startHostd(place, {
    config: { proxy: { enabled: false } },
    files: {
      'p.toml': `
[listener.rec]
command = ["/usr/bin/python3", "${record}", "${dir}/hostd.log"]
events = ["EVENT"]
buffer_size = 100
startsecs = 0
[program.talk]
command = ["/bin/sh", "${talk}"]
stdout_events_enabled = true
stderr_events_enabled = true
stdout_capture_maxbytes = "1MB"
startsecs = 0
[program.quick]
command = ["/bin/false"]
startretries = 1
[program.once]
command = ["/bin/sh", "-c", "sleep 1.5; exit 0"]
`,
    },
  });
  const log = `${dir}/hostd.log`;
  await until('the events of hostd', () => done(readEvents(log)));
  await hostd.hostctl('stop', 'talk');
  await until('talk to have been stopped', () => isStopped(readEvents(log)));
  assert.equal(await hostd.stop(), 0);
  const [own, theirs, same] = [readEvents(log), await wanted, await like];
  assert.deepEqual(byProgram(own), byProgram(theirs));
  assert.deepEqual(byProgram(same), byProgram(theirs));
  for (const events of [own, theirs])
    for (const [index, { head, payload }] of events.entries()) {
      assert.ok(head.includes(` serial:${index} pool:rec poolserial:${index} `), head);
      assert.ok(head.endsWith(`len:${[...payload].length}`), head);
    }
  const tick = own.find(({ name }) => name === 'TICK_5');
  assert.match(tick?.payload ?? '', /^when:\d+[05]$/);
});

test('listeners that reject, die, babble or talk byte by byte cost nobody else an event, and a next hostd goes on with them', async t => {
  const place = makePlace(t);
  const { dir } = place;
  const record = place.write('record.py', recorder);
  const listener = (name: string, way: string) => `
[listener.${name}]
command = ["/usr/bin/python3", "${record}", "${dir}/${name}.log", "${way}"]
events = ["REMOTE_COMMUNICATION", "PROCESS_STATE_EXITED", "PROCESS_STATE_STOPPED"]
startsecs = 0
autorestart = true
`;
  const hostd = await startHostd(place, {
    config: { proxy: { enabled: false } },
    files: {
      'p.toml': `${['cut', 'reject', 'die', 'babble'].map(way => listener(way, way)).join('')}
[listener.deaf]
command = ["/bin/sleep", "1000"]
events = ["EVENT"]
buffer_size = 2
startsecs = 0
[program.p]
command = ["/bin/cat"]
startsecs = 0
`,
    },
  });
  const heard = (name: string) =>
    readEvents(`${dir}/${name}.log`).filter(({ payload }) => / groupname:p /.test(payload));
  const restart = async (): Promise<void> => {
    assert.equal((await hostd.hostctl('restart', 'p')).code, 0);
  };
  await restart();
  for (const name of ['cut', 'reject', 'die', 'babble'])
    await until(`${name} to hear of the first stop`, () => heard(name).length > 0);
  await until('the rejected event to come again', () => heard('reject').length === 2);
  const [first, second] = heard('reject');
  assert.equal(first?.head, second?.head);
  await until('the event to come again to who died of it', () => heard('die').length >= 2);
  await restart();
  await until('who babbles to be told no more', () =>
    hostd.output().includes('babble: has entered the UNKNOWN state'),
  );
  assert.ok(hostd.output().includes("babble: bad result line: 'what?'"));
  await until('the second stop', () => heard('cut').length === 2);
  await until('the deaf one to lose events', () =>
    /pool deaf event buffer overflowed, discarding event \d+/.test(hostd.output()),
  );
  const { pid } = await hostd.state('cut', 'RUNNING');
  const note = () => readdirSync(`${dir}/run/pipes`).find(name => /^cut\.\d+\.listener$/.test(name)) ?? '';
  await until(
    'it to wait for the next event',
    () => readFileSync(`${dir}/run/pipes/${note()}`, 'utf8').trim() === 'READY',
  );
  await hostd.kill9();
  const again = await hostd.again();
  assert.equal((await again.hostctl('restart', 'p')).code, 0);
  await until('the third stop', () => heard('cut').length === 3);
  assert.equal((await again.state('cut', 'RUNNING')).pid, pid);
});
