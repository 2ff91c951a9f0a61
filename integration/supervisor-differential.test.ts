// Odd cases in which hostd once said something else than the genuine supervisord, or nothing: both are asked the same, and say the same.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../scripts/free-port.ts';
import { until } from './harness/until.ts';
import { sendRaw } from './supervisor/raw.ts';
import { call, post } from './supervisor/requests.ts';
import { needsSupervisor, type Side, startScene } from './supervisor/scene.ts';
import { type Daemon, daemons, head, isMissing } from './supervisord/daemon.ts';

const values = [
  '<int>\uff11</int>',
  '<int>+0_7</int>',
  '<double>nan</double>',
  '<double>-Infinity</double>',
  '<double>1_0.5e-1</double>',
  '<double>1__0</double>',
  '<double>.</double>',
  '<dateTime.iso8601>2020229T4:8:05</dateTime.iso8601>',
  '<dateTime.iso8601>20201 5T00:00:00</dateTime.iso8601>',
  '<dateTime.iso8601>20210229T00:00:00</dateTime.iso8601>',
  '<dateTime.iso8601>20201301T00:00:00</dateTime.iso8601>',
  '<dateTime.iso8601>00000101T00:00:00</dateTime.iso8601>',
  '<dateTime.iso8601>20200101T23:59:60</dateTime.iso8601>',
  `${'<array><data><value>'.repeat(60)}x${'</value></data></array>'.repeat(60)}`,
];

/** With a method that takes any value, and with one that wants texts. */
const documents = values.flatMap(value => {
  const param = `<param><value>${value}</value></param>`;
  return [
    post(`<methodCall><methodName>system.methodHelp</methodName><params>${param}</params></methodCall>`),
    post(
      `<methodCall><methodName>supervisor.sendProcessStdin</methodName><params>${param}${param}</params></methodCall>`,
    ),
  ];
});

const asked = (method: string, ...values: readonly string[]) =>
  post(
    `<methodCall><methodName>supervisor.${method}</methodName><params>${values.map(value => `<param><value>${value}</value></param>`).join('')}</params></methodCall>`,
  );
const huge = '<int>99999999999999999999</int>';

/** With the signals and the numbers of bytes that nobody has thought of. */
const numbers = [
  asked('signalProcess', 'nowhere', '<double>nan</double>'),
  asked('signalProcess', 'nowhere', '<double>-inf</double>'),
  asked('signalAllProcesses', '<double>inf</double>'),
  asked('readLog', huge, '<array><data/></array>'),
  asked('readLog', huge, '<int>-1</int>'),
  asked('readLog', '<int>-1</int>', huge),
  asked('readLog', huge, '<int>1</int>'),
];

/** What is not a file to be read: a device, a pipe, nothing at all. */
const logs = {
  nowhere: { command: '/bin/cat', stdout_logfile: '/dev/null', stderr_logfile: 'NONE' },
  through: { command: '/bin/cat', stdout_logfile: '/dev/stdout', redirect_stderr: true },
};
const unlimited = { stdout_logfile_maxbytes: 0, startsecs: 0 };
const programs = Object.fromEntries(
  Object.entries(logs).map(([name, keys]) => [name, { ...keys, ...unlimited }]),
);

const reads = ['nowhere', 'through'].flatMap(name => [
  ...['readProcessStdoutLog', 'readProcessStderrLog', 'tailProcessStdoutLog', 'tailProcessStderrLog'].flatMap(
    method => [
      call(`supervisor.${method}`, name, 0, 100),
      call(`supervisor.${method}`, name, -100, 0),
      call(`supervisor.${method}`, name, 10, 10),
      call(`supervisor.${method}`, name, '\uff11', 'x'),
    ],
  ),
]);

const get = (path: string) => Buffer.from(`GET ${path} HTTP/1.1\r\n\r\n`);

async function assertSame(sides: readonly Side[], bytes: Buffer): Promise<void> {
  const [theirs, own] = await Promise.all(
    sides.map(async ({ socket, dir }) =>
      (await sendRaw(socket, bytes)).text
        .replaceAll(dir, 'DIR')
        .replaceAll(/(Date|Last-Modified): [^\r]*/g, '$1: *'),
    ),
  );
  assert.equal(own, theirs, bytes.toString());
}

test('odd values, logs that are no files, and the page for probes are answered alike', {
  skip: needsSupervisor,
}, async t => {
  const { genuine, ours } = await startScene(t, 'supervisord.conf', programs);
  const sides = [genuine, ours];
  for (const { socket } of sides)
    await until('both to run', async () => {
      const { text } = await sendRaw(socket, call('supervisor.getAllProcessInfo').bytes);
      return text.split('<string>RUNNING<').length === 3;
    });
  for (const bytes of [...documents, ...numbers, ...reads.map(one => one.bytes), get('/ok.html')])
    await assertSame(sides, bytes);
  // These stay open, and nothing comes.
  await Promise.all(
    ['/logtail/nowhere', '/logtail/through', '/logtail/through/stderr', '/logtail/nowhere/stderr'].map(path =>
      assertSame(sides, get(path)),
    ),
  );
});

/** A method's answer, over the socket that both have in their configurations. */
async function ask(daemon: Daemon, bytes: Buffer): Promise<string> {
  const { text } = await sendRaw(join(daemon.dir, 's.sock'), bytes);
  return text.replaceAll(/Date: .*/g, '');
}

const isUp = (daemon: Daemon) =>
  ask(daemon, call('supervisor.getState').bytes).then(
    text => text.includes('RUNNING'),
    () => false,
  );

test('a main log that is syslog is no file, in the same words', { skip: isMissing }, async t => {
  const { real, ours } = daemons(t);
  for (const daemon of [real, ours]) {
    daemon.write('s.conf', head.replace('logfile=%DIR%/s.log', 'logfile=syslog'));
    daemon.start('-n');
  }
  for (const daemon of [real, ours]) await until('it answers', () => isUp(daemon));
  for (const { name, bytes } of [
    call('supervisor.readLog', 0, 0),
    call('supervisor.readLog', -1, 1),
    call('supervisor.clearLog'),
    { name: '/mainlogtail', bytes: get('/mainlogtail') },
  ])
    assert.equal(await ask(ours, bytes), await ask(real, bytes), name);
});

/** Runs it until it ends. What it has printed, without times and its own path, and its exit code. */
async function endOf(daemon: Daemon): Promise<string> {
  const child = daemon.start('-n');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (said += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  const text = daemon.tidy(said).replaceAll(/^\S+ \S+,\d{3} /gm, '');
  return `${text.replace(/use .* -h/, 'use IT -h')}(${code})`;
}

test('a start that fails has said the same before', { skip: isMissing }, async t => {
  const { real, ours } = daemons(t);
  const server = (name: string) => `[inet_http_server:${name}]\nport=127.0.0.1:PORT\n`;
  for (const text of [
    head + server('a') + server('b'),
    head.replace('%DIR%/s.sock', `%DIR%/${'x'.repeat(120)}`),
    head.replace('%DIR%/s.sock', '%DIR%/nosuch/s.sock'),
    // Every variable that it was started with is named, and none that it was not.
    `${head}[program:a]\ncommand=%(ENV_x)s\n`,
  ]) {
    for (const daemon of [real, ours])
      daemon.write('s.conf', text.replaceAll('PORT', String(await freePort())));
    const [theirs, own] = await Promise.all([endOf(real), endOf(ours)]);
    assert.equal(own, theirs, text);
  }
});

test('a socket that is given to another user goes with its daemon', {
  skip: isMissing || (process.getuid?.() !== 0 && 'needs root'),
}, async t => {
  const { real, ours } = daemons(t);
  await Promise.all(
    [real, ours].map(async daemon => {
      daemon.write('s.conf', head.replace('s.sock\n', 's.sock\nchown=nobody\n'));
      const child = daemon.start('-n');
      await until('it answers', () => isUp(daemon));
      await daemon.stop();
      assert.equal(child.exitCode, 0);
      assert.equal(existsSync(join(daemon.dir, 's.sock')), false);
    }),
  );
});

test('a daemon without programs and servers waits', async t => {
  const { ours } = daemons(t);
  ours.write('s.conf', head.replace(/^\[unix[^[]*/, ''));
  const child = ours.start('-n');
  await until('it has begun', () => existsSync(join(ours.dir, 's.pid')));
  await Promise.race([once(child, 'exit'), sleep(1500)]);
  assert.equal(child.exitCode, null);
  await ours.stop();
  assert.match(ours.log(), /received SIGTERM indicating exit request/);
  assert.equal(existsSync(join(ours.dir, 's.pid')), false);
});
