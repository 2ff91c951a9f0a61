// What hostd answers to Supervisor's clients is what the genuine supervisord answers, byte for byte: raw requests, and sessions of
// an unmodified supervisorctl.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, existsSync, renameSync, symlinkSync, truncateSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { run } from '../scripts/run.ts';
import { checkout } from './harness/hostd.ts';
import type { Place } from './harness/place.ts';
import { findProgram } from './harness/programs.ts';
import { until } from './harness/until.ts';
import { type Driver, fromPypi, startDriver } from './supervisor/drive.ts';
import { type Heard, sendRaw } from './supervisor/raw.ts';
import { call, documents, http, logins, methodCalls, type Request } from './supervisor/requests.ts';
import { needsSupervisor, type Programs, type Scene, type Side, startScene } from './supervisor/scene.ts';

const log = (name: string) => ({ stdout_logfile: `DIR/${name}.log`, stderr_logfile: `DIR/${name}.err` });

const programs: Programs = {
  cat: { command: '/bin/cat', ...log('cat') },
  man: { command: '/bin/cat', autostart: false, startsecs: 0, ...log('man') },
  bad: { command: '/nonexistent/x', autostart: false, ...log('bad') },
  foo: {
    command: 'sleep 100',
    numprocs: 2,
    process_name: '%(program_name)s_%(process_num)02d',
    ...log('foo_%(process_num)s'),
  },
};

/** Without what cannot be the same: times, pids, and where a side's files are. */
function comparable({ text, closed }: Heard, { dir }: Side): { text: string; closed: boolean } {
  const same = text
    .replaceAll(dir, 'DIR')
    .replaceAll(/(Date|Last-Modified): [^\r]*/g, '$1: *')
    .replaceAll(/Content-Length: \d+/g, 'Content-Length: *')
    .replaceAll(/pid \d+, uptime [\d:]+/g, 'pid *, uptime *')
    .replaceAll(/<name>(start|stop|now|pid)<\/name>\n<value><int>\d+/g, '<name>$1</name>\n<value><int>*');
  return { text: same, closed };
}

async function assertSame(
  { genuine, ours }: Scene,
  { name, bytes }: Request,
  to: (side: Side) => string | number = ({ socket }) => socket,
  what: 'whatever comes after' | 'all' = 'all',
): Promise<void> {
  const [theirs, own] = await Promise.all([sendRaw(to(genuine), bytes), sendRaw(to(ours), bytes)]);
  const hides = name.startsWith('supervisor.getPID()');
  // From Python 3.13 on a docstring has lost its indentation.
  const isFlat = name.startsWith('system.methodHelp') && !/^ +@/m.test(theirs.text);
  const same = (heard: Heard, side: Side) => {
    const { text: whole, closed } = comparable(heard, side);
    const text = isFlat ? whole.replaceAll(/(^|<string>) +/gm, '$1') : whole;
    return {
      text: hides ? text.replaceAll(/<int>\d+/g, '<int>*') : text,
      ...(what === 'all' ? { closed } : {}),
    };
  };
  assert.deepEqual(same(own, ours), same(theirs, genuine), name);
}

for (const form of ['toml', 'supervisord.conf'] as const)
  test(`every raw request is answered as by supervisord, with a ${form}`, {
    skip: needsSupervisor,
  }, async t => {
    const scene = await startScene(t, form, programs);
    // After a refusal Medusa keeps a connection that it has said to close.
    if (form === 'supervisord.conf')
      for (const request of logins)
        await assertSame(scene, request, ({ port }) => port, 'whatever comes after');
    for (const { socket } of [scene.genuine, scene.ours])
      await until('cat to be RUNNING', async () =>
        (await sendRaw(socket, call('supervisor.getProcessInfo', 'cat').bytes)).text.includes('RUNNING'),
      );
    for (const request of [...http, ...documents]) await assertSame(scene, request);
    for (const { dir } of [scene.genuine, scene.ours]) appendFileSync(`${dir}/cat.log`, 'one\ntwo\n');
    const own = methodCalls.filter(({ name }) => !name.includes('clear'));
    for (const request of own) await assertSame(scene, request);
    for (const request of methodCalls.filter(({ name }) => name.includes('clear')))
      await assertSame(scene, request);
  });

test('a log is followed, and a shorter one goes on at its beginning', { skip: needsSupervisor }, async t => {
  const { ours } = await startScene(t, 'toml', { cat: { command: '/bin/cat', ...log('cat') } });
  await until('cat to be RUNNING', async () =>
    (await sendRaw(ours.socket, call('supervisor.getProcessInfo', 'cat').bytes)).text.includes('RUNNING'),
  );
  const ctl = findProgram('supervisorctl') ?? '';
  appendFileSync(`${ours.dir}/cat.log`, `${'x'.repeat(3000)}\n`);
  const { spawn } = await import('node:child_process');
  const tail = spawn(ctl, ['-s', `unix://${ours.socket}`, 'tail', '-f', 'cat'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => tail.kill('SIGKILL'));
  let said = '';
  tail.stdout.on('data', chunk => (said += chunk));
  await until('the end of the log', () => said.endsWith(`${'x'.repeat(1000)}\n`));
  assert.equal(said, `==> Press Ctrl-C to exit <==\n${'x'.repeat(1023)}\n`);
  appendFileSync(`${ours.dir}/cat.log`, 'mehr…\n');
  await until('what came after', () => said.endsWith('mehr…\n'));
  truncateSync(`${ours.dir}/cat.log`);
  appendFileSync(`${ours.dir}/cat.log`, 'new\n');
  await until('what came then', () => said.endsWith('==> File truncated <==\nnew\n'));
});

const commands: readonly (readonly string[])[] = [
  ['status'],
  ['status', 'cat', 'foo:*'],
  ['status', 'nosuch', 'nosuch:*', 'cat'],
  ['status', 'all'],
  ['status', 'man'],
  ['start', 'man'],
  ['start', 'man'],
  ['start', 'bad'],
  ['start', 'nosuch'],
  ['start', 'nosuch:*'],
  ['start'],
  ['start', 'cat', 'bad'],
  ['stop', 'man'],
  ['stop', 'man'],
  ['stop', 'nosuch'],
  ['stop', 'nosuch:*'],
  ['stop'],
  ['stop', 'foo:*'],
  ['start', 'foo:*'],
  ['start', 'foo:foo_00'],
  ['restart', 'cat'],
  ['restart', 'man', 'cat'],
  ['restart', 'nosuch'],
  ['restart'],
  ['restart', 'foo:foo_01'],
  ['signal', 'CONT', 'cat'],
  ['signal', 'CONT', 'foo:*'],
  ['signal', 'HUPP', 'cat'],
  ['signal', 'CONT', 'nosuch'],
  ['signal', 'CONT', 'bad'],
  ['signal', 'CONT', 'all'],
  ['signal', 'CONT'],
  ['pid', 'bad'],
  ['pid', 'nosuch'],
  ['avail', 'x'],
  ['avail'],
  ['reread', 'x'],
  ['reread'],
  ['update'],
  ['update', 'nosuch'],
  ['add', 'cat'],
  ['add', 'nosuch'],
  ['remove', 'cat'],
  ['remove', 'nosuch'],
  ['remove', 'bad'],
  ['status', 'bad'],
  ['add', 'bad'],
  ['status', 'bad'],
  ['tail', 'cat'],
  ['tail', '-5', 'cat', 'stderr'],
  ['tail', 'nosuch'],
  ['tail', 'bad'],
  ['tail', 'cat', 'foo'],
  ['tail'],
  ['tail', '-x', 'cat'],
  ['maintail', '-x'],
  ['clear', 'cat'],
  ['clear', 'nosuch'],
  ['clear', 'all'],
  ['clear'],
  ['version'],
  ['version', 'x'],
  ['nope'],
  ['help'],
  ['help', 'start'],
  ['open', 'ftp://x'],
  ['fg'],
  ['fg', 'bad'],
  ['fg', 'nosuch'],
  ['shutdown', 'x'],
  ['reload', 'x'],
  ['stop', 'all'],
  ['status'],
  ['start', 'all'],
  ['status'],
];

/** The two clients, of a genuine server, of one that is not there, and of their own command line. */
async function assertSameTongue(own: Driver, theirs: Driver, { genuine, place }: Scene): Promise<void> {
  const server = createServer().listen(`${place.dir}/dead.sock`);
  await once(server, 'listening');
  renameSync(`${place.dir}/dead.sock`, `${place.dir}/gone.sock`);
  server.close();
  await once(server, 'close');
  const actions = [
    'status',
    'start x',
    'stop x',
    'restart x',
    'restart',
    'start',
    'tail x',
    'tail -f x',
    'maintail',
    'clear x',
    'version',
    'pid',
    'pid x',
    'signal HUP x',
    'fg x',
    'reread',
    'update',
    'avail',
    'add x',
    'remove x',
    'shutdown',
    'reload',
    'help',
    'nope',
    '',
  ];
  const topics = [
    'add',
    'avail',
    'clear',
    'exit',
    'fg',
    'help',
    'maintail',
    'open',
    'pid',
    'quit',
    'reload',
    'remove',
    'reread',
    'restart',
    'shutdown',
    'signal',
    'start',
    'status',
    'stop',
    'tail',
    'update',
    'version',
    'nope',
    'EOF',
  ];
  const asked = [
    '',
    'status',
    '?',
    '!x',
    '# x',
    'pid cat',
    'pid all',
    'avail',
    'reread',
    'update',
    'tail -20 cat',
    'start cat',
    'signal CONT all',
    'add cat',
    'remove cat',
    'clear man',
    'maintail -2',
    '?start',
    'open ftp://x',
    'help',
  ];
  const gone = `unix://${place.dir}/gone.sock`;
  const missing = 'unix:///nonexistent/socket';
  const live = `unix://${genuine.socket}`;
  const few = ['status', 'start x', 'reread', 'shutdown', 'update', 'pid'];
  const exits = ['status bad nosuch', 'start bad nosuch nosuch:*', 'tail nosuch', 'fg bad'];
  const lines: [url: string, action: string][] = [
    ...actions.map((action): [string, string] => [gone, action]),
    ...few.map((action): [string, string] => [missing, action]),
    ...exits.map((action): [string, string] => [live, action]),
  ];
  for (const [url, action] of lines) {
    const args = ['-s', url, ...action.split(' ')];
    const [mine, other] = await Promise.all([own.run(args), theirs.run(args)]);
    assert.deepEqual(mine, other, args.join(' '));
  }
  // A shell that is not on a terminal: line by line, with its prompts.
  const shell = [
    ...topics.map(topic => `help ${topic}`),
    ...asked,
    'shutdown',
    'n',
    'reload',
    'no',
    'version',
    'quit',
    'status',
  ];
  const env = { PATH: process.env['PATH'], LANG: 'C.UTF-8', TZ: 'UTC', HOME: place.dir, ...place.env };
  const [mine, other] = await Promise.all(
    [`${place.dir}/supervisorctl`, findProgram('supervisorctl') ?? ''].map(file =>
      run([file, '-s', live], { env, input: `${shell.join('\n')}\n` }),
    ),
  );
  const now = (text = '') => text.replaceAll(/uptime [\d:]+/g, 'uptime *').split('\n');
  assert.deepEqual(now(mine?.stdout), now(other?.stdout));
  assert.equal(mine?.code, other?.code);
}

/** hostctl by the name supervisorctl. */
async function ownDriver(place: Place): Promise<Driver> {
  const link = `${place.dir}/supervisorctl`;
  if (!existsSync(link)) symlinkSync(`${checkout}/bin/hostctl`, link);
  const env = { PATH: process.env['PATH'], LANG: 'C.UTF-8', TZ: 'UTC', HOME: place.dir, ...place.env };
  return {
    version: '4.2.5',
    async run(args) {
      const { code, stdout, stderr } = await run([link, ...args], { env, timeout: 120_000 });
      return { code: code ?? 0, text: stdout, errors: stderr };
    },
  };
}

for (const wanted of [null, '4.3.0', 'hostctl'])
  test(`supervisorctl ${wanted ?? 'of Debian'} says the same of both, command by command`, {
    skip: needsSupervisor,
  }, async t => {
    const path = wanted === '4.3.0' ? await fromPypi(wanted) : null;
    if (wanted === '4.3.0' && path === null) return t.skip(`needs supervisor ${wanted} from PyPI`);
    const groups = { g: { programs: 'one,two', priority: 5 } };
    const more = {
      one: { command: 'sleep 100', ...log('one') },
      two: { command: 'sleep 100', priority: 3, ...log('two') },
    };
    const scene = await startScene(
      t,
      wanted === null ? 'supervisord.conf' : 'toml',
      { ...programs, ...more },
      groups,
    );
    const drivers = new Map<Side, Driver>();
    // Supervisor's own client of its own server, and hostctl of either: it is told apart by nothing.
    const own = wanted === 'hostctl' ? await ownDriver(scene.place) : await startDriver(scene.place, path);
    drivers.set(scene.genuine, await startDriver(scene.place, path));
    drivers.set(scene.ours, own);
    if (wanted === '4.3.0') assert.equal(own.version, wanted);
    const say = async (side: Side, args: readonly string[]) => {
      const { code, text } =
        (await drivers.get(side)?.run(['-s', `unix://${side.socket}`, ...args])) ?? assert.fail();
      const same = comparable({ text, closed: true }, side).text;
      return { code, text: same.replaceAll(/[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M/g, 'TIME') };
    };
    const both = async (args: readonly string[]) => {
      const [theirs, own] = await Promise.all([say(scene.genuine, args), say(scene.ours, args)]);
      // Of several that are stopped those come first that are dead at once: that is chance.
      const sorted = ({ text, ...rest }: typeof own) => ({ ...rest, text: text.split('\n').sort() });
      if (args[0] === 'stop') assert.deepEqual(sorted(own), sorted(theirs), args.join(' '));
      else assert.deepEqual(own, theirs, args.join(' '));
    };
    const settled = () =>
      until('everything to run', async () => {
        const texts = await Promise.all([scene.genuine, scene.ours].map(side => say(side, ['status'])));
        return texts.every(({ text }) => !text.includes('STARTING') && /cat +RUNNING/.test(text));
      });
    await settled();
    // A process for each takes its time: of hostctl every second one will do.
    for (const args of commands.filter((_, i) => wanted !== 'hostctl' || i % 2 === 0)) await both(args);
    if (wanted === 'hostctl') await assertSameTongue(own, drivers.get(scene.genuine) ?? assert.fail(), scene);
    const changed = {
      ...programs,
      ...more,
      man: { ...programs['man'], priority: 7 },
      cat: { command: 'sleep 100', ...log('cat') },
      new: { command: 'sleep 50', ...log('new') },
    };
    const { bad, ...left } = changed as Record<string, Programs[string]>;
    for (const side of [scene.genuine, scene.ours]) side.write(left as Programs, groups);
    for (const args of [
      ['reread'],
      ['reread'],
      ['avail'],
      ['update', 'man'],
      ['update'],
      ['reread'],
      ['update'],
    ])
      await both(args);
    await settled();
    for (const args of [['status'], ['avail'], ['shutdown']]) await both(args);
  });
