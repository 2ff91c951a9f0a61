// hostctl exec, shell and attach: as the app's user, with its environment; exit codes, signals, bytes, terminals.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run } from '../scripts/run.ts';
import { native } from '../src/native/index.ts';
import { encodeFrame, FrameReader } from '../src/protocol/terminal.ts';
import { isRoot, needsRoot, proxyAccount, self, testAccounts } from './harness/accounts.ts';
import { djangoApp, tinyApp } from './harness/apps.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { marked } from './harness/processes.ts';
import { onTerminal } from './harness/terminal.ts';
import { until } from './harness/until.ts';
import { needsVirtualenv } from './harness/virtualenvs.ts';

const skip = needsVirtualenv('recent');
const hostctl = join(import.meta.dirname, '../bin/hostctl');

async function start(t: TestContext) {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await tinyApp(place, { name: 'hello', account, env: { COLOUR: 'blue' } });
  const program = {
    command: `/bin/sh -c 'while read line; do echo "got $line"; done'`,
    user: account.name,
    autostart: true,
  };
  const hostd = await startHostd(place, {
    apps: [app],
    config: { program: { reader: { ...program, stdout_logfile: `${place.dir}/log/reader.log` } } },
  });
  return { place, account, app, hostd };
}

function exec(place: Place, hostd: Hostd, input: string | Buffer, ...args: readonly string[]) {
  const env = {
    HOSTD_SOCKET: hostd.socket,
    PATH: process.env['PATH'],
    SECRET: 'of the caller',
    ...place.env,
  };
  return run([hostctl, 'exec', 'hello', '--', ...args], { env, input, timeout: 120_000 });
}

test('a command runs as the app: user, groups, environment, directory; nothing of root or of the caller', {
  skip,
}, async t => {
  const { place, hostd, account, app } = await start(t);
  const script =
    'id -u; id -G; id -Gn; pwd; echo $COLOUR $VIRTUAL_ENV $HOME; echo "secret=$SECRET"; ls /proc/self/fd; grep -E "NoNewPrivs|CapEff" /proc/self/status; command -v python';
  const { stdout, code, stderr } = await exec(place, hostd, '', 'sh', '-c', script);
  assert.equal(code, 0, stderr);
  const lines = stdout.split('\n');
  assert.equal(lines[0], String(account.uid));
  if (isRoot)
    assert.deepEqual(
      lines[1]?.split(' ').filter(gid => gid === '0'),
      [],
    );
  assert.equal(lines[3], `${app.root}/hello`);
  assert.match(lines[4] ?? '', new RegExp(`^blue ${app.root} `));
  assert.match(stdout, /^secret=$/m);
  assert.deepEqual(stdout.split('secret=\n')[1]?.split('\n').slice(0, 4), ['0', '1', '2', '3']); // 3 is ls's own
  assert.match(stdout, /NoNewPrivs:\s+1/);
  assert.match(stdout, new RegExp(`^${app.root}/bin/python$`, 'm'));
  const log = await until('the log', () =>
    /"terminal":1,"user":"[^"]+","uid":\d+,"pid":\d+,"request":{"name":"hello","what":"exec","command":"sh","arguments":2},"msg":"terminal: [^"]+ asks for exec"}/.exec(
      hostd.output(),
    ),
  );
  assert.ok(log);
});

test('input, output and errors are pipes of their own, and every byte of them arrives', { skip }, async t => {
  const { place, hostd } = await start(t);
  const bytes = randomBytes(3_000_000);
  const copied = await exec(place, hostd, bytes, 'sh', '-c', 'cat; echo done >&2');
  assert.ok(copied.bytes.equals(bytes));
  assert.equal(copied.stderr, 'done\n');
  assert.equal((await exec(place, hostd, 'never read', 'true')).code, 0);
});

test('the exit code is the command own; a signal is 128 and its number; what is not there is said', {
  skip,
}, async t => {
  const { place, hostd } = await start(t);
  assert.equal((await exec(place, hostd, '', 'sh', '-c', 'exit 42')).code, 42);
  assert.equal((await exec(place, hostd, '', 'sh', '-c', 'kill -TERM $$')).code, 143);
  const missing = await exec(place, hostd, '', 'no-such-command');
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^hostctl: cannot find command "no-such-command"/);
  const unknown = await hostd.hostctl('exec', 'nobody', '--', 'true');
  assert.match(unknown.stderr, /nobody: no such program\s+try: hostctl status/);
});

test('signals reach the command, and a caller who is gone takes it along, with all that it started', {
  skip,
}, async t => {
  const { place, hostd } = await start(t);
  const env = { HOSTD_SOCKET: hostd.socket, PATH: process.env['PATH'], ...place.env };
  const begin = (script: string) => {
    const child = spawn(hostctl, ['exec', 'hello', '--', 'sh', '-c', script], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', chunk => {
      output += chunk;
    });
    return {
      child,
      output: () => output,
      ended: new Promise<number | null>(resolve => child.on('exit', resolve)),
    };
  };
  for (const signal of ['SIGINT', 'SIGUSR1'] as const) {
    const name = signal.slice(3);
    const trapped = begin(`trap "echo caught; exit 9" ${name}; echo ready; while :; do sleep 0.1; done`);
    await until('it to be ready', () => trapped.output().includes('ready'));
    trapped.child.kill(signal);
    assert.equal(await trapped.ended, 9);
    assert.match(trapped.output(), /caught/);
  }

  const stubborn = begin(
    'trap "" HUP TERM; (setsid sleep 987654 &) ; echo ready; while :; do sleep 0.1; done',
  );
  await until('it to be ready', () => stubborn.output().includes('ready'));
  const strays = () =>
    marked({ environment: 'no=such', directory: place.dir }).filter(
      ({ command }) => command.includes('987654') || command.includes('trap "" HUP'),
    );
  assert.ok(strays().length > 0);
  stubborn.child.kill('SIGKILL');
  await until('everything of it to be gone', () => strays().length === 0);

  const last = begin('echo ready; while :; do sleep 0.1; done');
  await until('it to be ready', () => last.output().includes('ready'));
  await hostd.stop();
  assert.equal(await last.ended, 1);
});

test('a caller that reads slowly gets the last words of a command that has ended meanwhile', {
  skip,
}, async t => {
  const { hostd, place } = await start(t);
  const length = 2_000_000;
  const socket = connect(hostd.socket);
  const request = {
    name: 'hello',
    what: 'exec',
    argv: ['head', '-c', String(length), '/dev/zero'],
    terminal: null,
  };
  const closed = new Promise(resolve => socket.once('close', resolve));
  socket.write(
    'GET /v1/terminal HTTP/1.1\r\nHost: hostd\r\nConnection: upgrade\r\nUpgrade: hostd-terminal\r\n\r\n',
  );
  await new Promise(resolve => socket.once('readable', resolve));
  assert.match(String(socket.read()), /^HTTP\/1\.1 101 /);
  socket.write(encodeFrame('open', JSON.stringify(request)));
  const reader = new FrameReader();
  let got = 0;
  let exit = '';
  const take = () => {
    const bytes: Buffer | null = socket.read();
    for (const frame of (bytes === null ? [] : reader.push(bytes)) ?? []) {
      if (frame.kind === 'output') got += frame.bytes.length;
      if (frame.kind === 'exit') exit = String(frame.bytes);
    }
  };
  const runs = () => marked(place.mark).some(({ command }) => command.startsWith('head -c'));
  await until('it to run', runs);
  await until('it to end', () => {
    take();
    return !runs();
  });
  assert.ok(got < length);
  // Longer than hostd waits for the last words of a command whose output something else holds open.
  await new Promise(resolve => setTimeout(resolve, 1000));
  socket.on('readable', take);
  take();
  await closed;
  assert.deepEqual({ got, exit }, { got: length, exit: '{"code":0,"signal":null}' });
});

test('a paste into a program that does not read stops nobody else, and is read when it reads', {
  skip,
}, async t => {
  const { hostd, place } = await start(t);
  const go = `${place.dir}/go`;
  const script = `stty raw -echo; echo ready; while [ ! -e ${go} ]; do sleep 0.1; done; head -c 1000000 | sha256sum`;
  const socket = connect(hostd.socket);
  const terminal = { columns: 80, rows: 24, term: 'xterm' };
  const reader = new FrameReader();
  let said = '';
  socket.write(
    'GET /v1/terminal HTTP/1.1\r\nHost: hostd\r\nConnection: upgrade\r\nUpgrade: hostd-terminal\r\n\r\n',
  );
  await new Promise(resolve => socket.once('data', resolve));
  socket.on('data', bytes => {
    for (const { bytes: body } of reader.push(bytes) ?? []) said += body;
  });
  socket.write(
    encodeFrame(
      'open',
      JSON.stringify({ name: 'hello', what: 'exec', argv: ['sh', '-c', script], terminal }),
    ),
  );
  await until('it to be ready', () => said.includes('ready'));
  const paste = randomBytes(1_000_000);
  socket.write(encodeFrame('input', paste));
  for (let asked = 0; asked < 3; asked++) assert.ok((await hostd.status()).length > 0);
  writeFileSync(go, '');
  const sum = createHash('sha256').update(paste).digest('hex');
  await until('the sum of what was pasted', () => said.includes(sum));
  socket.destroy();
});

test('on a terminal: a terminal of the app own, with size changes, and Ctrl-C as a key', {
  skip,
}, async t => {
  const { place, hostd, account } = await start(t);
  const session = onTerminal(t, { place, hostd, columns: 100, rows: 30 }, ['shell', 'hello']);
  const says = (what: RegExp) => until(`${what} in ${session.output()}`, () => what.exec(session.output()));
  const { type } = session;
  type('stty size; id -u; stat -c %U:%a $(tty); echo $TERM\n');
  await says(/30 100/);
  await says(new RegExp(`\\b${account.uid}\\b[^]*${account.name}:6[02]0[^]*xterm`));
  session.resize(133, 41);
  await until(
    'the new size',
    () => {
      type('stty size\n');
      return /41 133/.test(session.output());
    },
    { every: 200 },
  );
  type('sleep 1000\n');
  await says(/sleep 1000/);
  await new Promise(resolve => setTimeout(resolve, 300));
  type('\x03');
  type('echo after=$?\n');
  await says(/after=130/);
  type('exit 5\n');
  assert.equal(await session.ended, 5);
  assert.equal(await hostd.stop(), 0);
});

test('Django shell and manage.py find the project, its settings and its virtualenv', { skip }, async t => {
  const place = makePlace(t);
  const account = isRoot ? (await testAccounts()).a : self();
  const app = await djangoApp(place, 'hello', { account });
  const hostd = await startHostd(place, { apps: [app] });
  const env = { HOSTD_SOCKET: hostd.socket, PATH: process.env['PATH'], ...place.env };
  const input = 'from django.conf import settings\nprint("urls in", settings.ROOT_URLCONF)\n';
  const shell = await run([hostctl, 'shell', app.name, '--django'], { env, input, timeout: 120_000 });
  assert.match(shell.stdout, /urls in hello\.urls/, shell.stderr);
  const check = await run([hostctl, 'exec', app.name, '--', 'python', 'manage.py', 'check'], {
    env,
    timeout: 120_000,
  });
  assert.match(check.stdout, /System check identified no issues/, check.stderr);
});

test('attach writes to a program that reads its input, also after hostd was killed and came back', {
  skip,
}, async t => {
  const { place, hostd } = await start(t);
  await hostd.state('reader', 'RUNNING');
  const attach = (socket: string, input: string) =>
    run([hostctl, 'attach', 'reader'], {
      env: { HOSTD_SOCKET: socket, PATH: process.env['PATH'], ...place.env },
      input,
      timeout: 120_000,
    });
  const log = () => readFileSync(`${place.dir}/log/reader.log`, 'utf8');
  const first = await attach(hostd.socket, 'one\n');
  assert.equal(first.code, 0, first.stderr);
  await until('the line', () => log().includes('got one'));
  await hostd.kill9();
  const again = await hostd.again();
  assert.equal((await attach(again.socket, 'two\n')).code, 0);
  await until('the line', () => log().includes('got two'));
  assert.equal((await again.status()).find(({ name }) => name === 'reader')?.state, 'RUNNING');
  const gunicorn = await run([hostctl, 'attach', 'hello'], {
    env: { HOSTD_SOCKET: again.socket, PATH: process.env['PATH'], ...place.env },
    timeout: 120_000,
  });
  assert.equal(gunicorn.code, 1);
  assert.match(gunicorn.stderr, /cannot attach to "hello": it does not read its standard input/);
});

test('an operator who is not root gets no command as root', { skip: needsRoot || skip }, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  const operator = proxyAccount();
  const group = native.group(operator.gid)?.name ?? 'www-data';
  const app = await tinyApp(place, { name: 'hello', account: a });
  const hostd = await startHostd(place, {
    apps: [app],
    config: { control: { group }, program: { rooted: { command: '/bin/sleep 1000', user: 'root' } } },
  });
  const as = (name: string) =>
    run([hostctl, 'exec', name, '--', 'id', '-u'], {
      as: operator,
      env: { HOSTD_SOCKET: hostd.socket, PATH: process.env['PATH'], ...place.env },
      timeout: 120_000,
    });
  assert.equal((await as('hello')).stdout.trim(), String(a.uid));
  const refused = await as('rooted');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /cannot run a command in "rooted": it runs as root, and you are not root/);
  assert.equal((await hostd.hostctl('exec', 'rooted', '--', 'id', '-u')).stdout.trim(), '0');
});

test('whoever speaks nonsense on the upgraded connection is cut off, and hostd goes on', {
  skip,
}, async t => {
  const { hostd } = await start(t);
  const speak = (frames: readonly Buffer[]) =>
    new Promise<string>(resolve => {
      const reader = new FrameReader();
      let said = '';
      let head = true;
      const socket = connect(hostd.socket);
      socket.write(
        'GET /v1/terminal HTTP/1.1\r\nHost: hostd\r\nConnection: upgrade\r\nUpgrade: hostd-terminal\r\n\r\n',
      );
      socket.on('data', bytes => {
        if (head) for (const frame of frames) socket.write(frame);
        else for (const { kind, bytes: body } of reader.push(bytes) ?? []) said += `${kind} ${body}\n`;
        head = false;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(said));
    });
  assert.equal(await speak([Buffer.from('GET / HTTP/1.1\r\n\r\n')]), '');
  assert.equal(await speak([encodeFrame('input', 'ls\n')]), '');
  assert.equal(await speak([encodeFrame('exit', '{}')]), '');
  assert.match(await speak([encodeFrame('open', '{"name":"hello"}')]), /^error .*cannot understand/);
  assert.equal((await hostd.status()).find(({ name }) => name === 'hello')?.state, 'RUNNING');
});
