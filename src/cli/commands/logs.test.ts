import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Answer, fakeDaemon, hostctl, json } from '../client/fake-daemon.test.ts';
import { Output } from '../program/output.ts';
import { hostctl as program } from '../tables.ts';
import { logs } from './logs.ts';

const main = fileURLToPath(new URL('../hostctl.ts', import.meta.url));

/** Answers with bytes, and then goes on writing a line every few milliseconds. */
const endless: Answer = response => {
  response.writeHead(200, { 'content-type': 'text/plain' });
  const timer = setInterval(() => response.write('one more line\n'), 5);
  response.on('close', () => clearInterval(timer));
};

function start(socket: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [main, '--socket', socket, ...args], { stdio: 'pipe' });
  let stderr = '';
  child.stderr.on('data', chunk => {
    stderr += chunk;
  });
  const over = once(child, 'exit').then(([code, signal]) => ({ code, signal, stderr }));
  return { child, over };
}

test('logs are printed byte for byte', async t => {
  const bytes = Buffer.from([0xff, 0x1b, 0x5b, 0x41, 0x0a, 0x00, 0xe2]);
  const daemon = await fakeDaemon(t, response => response.end(bytes));
  const { child, over } = start(daemon.socket, 'logs', 'hello');
  const chunks: Buffer[] = [];
  child.stdout.on('data', chunk => chunks.push(chunk));
  assert.deepEqual(await over, { code: 0, signal: null, stderr: '' });
  assert.deepEqual(Buffer.concat(chunks), bytes);
  assert.deepEqual(daemon.asked, [{ method: 'GET', url: '/v1/logs?name=hello', body: null }]);
});

test('logs passes on its options', async t => {
  const daemon = await fakeDaemon(t, response => response.end('a\nb\n'));
  const args = ['logs', '-fn', '2', 'hello:celery', '--stderr', '--socket', daemon.socket];
  assert.deepEqual(await hostctl(args), { code: 0, stdout: 'a\nb\n', stderr: '' });
  assert.equal(daemon.asked[0]?.url, '/v1/logs?name=hello%3Acelery&lines=2&follow=1&channel=stderr');
});

test('--rotate and --reopen ask for one name or for all that is open, and print what came of it', async t => {
  const answer: Answer = response => {
    response.write('{"kind":"done","name":"hello","outcome":"ok","message":"hello: put aside 12 bytes"}\n');
    response.end('{"kind":"end"}\n');
  };
  const daemon = await fakeDaemon(t, answer);
  const done = { code: 0, stdout: 'hello: put aside 12 bytes\n', stderr: '' };
  assert.deepEqual(await hostctl(['logs', '--rotate', 'hello', '--socket', daemon.socket]), done);
  assert.deepEqual(await hostctl(['logs', '--reopen', '--socket', daemon.socket]), done);
  assert.deepEqual(
    daemon.asked.map(({ url, body }) => [url, body]),
    [
      ['/v1/logs/rotate', { names: ['hello'] }],
      ['/v1/logs/reopen', {}],
    ],
  );
});

test('logs without a name, or with options that exclude each other, is wrong use', async () => {
  for (const [args, message] of [
    [[], 'cannot go on without a NAME'],
    [['--rotate', '-f'], 'option "--rotate" takes no other one'],
    [['--rotate', '--reopen'], 'option "--rotate" takes no other one'],
  ] as const) {
    const { code, stderr } = await hostctl(['logs', ...args, '--socket', '/nonexistent']);
    assert.equal(code, 2);
    assert.equal(stderr.split('\n')[0], `hostctl: ${message}`);
  }
});

test('a number of lines that is none is wrong use', async () => {
  for (const lines of ['x', '-1', '1.5'])
    assert.deepEqual(await hostctl(['logs', 'hello', '-n', lines, '--socket', '/nonexistent']), {
      code: 2,
      stdout: '',
      stderr:
        `hostctl: option "--lines" needs a whole number, not "${lines}"\n  try: -n 100\n` +
        'usage: hostctl logs NAME ... | all [-f] [-n N] [--stderr | --access | --errors] [--raw] | --rotate [NAME] | --reopen [NAME]\n',
    });
});

test('logs of an unknown program exits 1 with what hostd says', async t => {
  const error = { code: 'unknown-name', message: 'cannot find "helo": no such program', hint: 'hello' };
  const { socket } = await fakeDaemon(t, json({ error }, 404));
  assert.deepEqual(await hostctl(['logs', 'helo', '--socket', socket]), {
    code: 1,
    stdout: '',
    stderr: 'hostctl: cannot find "helo": no such program\n  try: hello\n',
  });
});

test('Ctrl-C ends logs -f without a word, exit 0', async t => {
  const { socket } = await fakeDaemon(t, endless);
  const { child, over } = start(socket, 'logs', '-f', 'hello');
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  assert.deepEqual(await over, { code: 0, signal: null, stderr: '' });
});

test('logs -f behind head ends without a word when head does', async t => {
  const { socket } = await fakeDaemon(t, endless);
  const { child, over } = start(socket, 'logs', '-f', 'hello');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  assert.deepEqual(await over, { code: 0, signal: null, stderr: '' });
});

test('a daemon that dies under logs -f is an error', async t => {
  const { socket } = await fakeDaemon(t, response => {
    response.write('last words\n');
    setTimeout(() => response.socket?.destroy(), 30);
  });
  assert.deepEqual(await hostctl(['logs', '-f', 'hello', '--socket', socket]), {
    code: 1,
    stdout: 'last words\n',
    stderr:
      'hostctl: cannot say how it ended: hostd closed the connection before it had finished\n' +
      '  try: hostctl status, or: journalctl -u hostd\n',
  });
});

test('output that does not fit on the disk is a failure', async t => {
  const { socket } = await fakeDaemon(t, response => response.end('a line\n'));
  const command = `exec "${process.execPath}" "${main}" --socket "${socket}" logs hello > /dev/full`;
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', chunk => {
    stderr += chunk;
  });
  const [code] = await once(child, 'exit');
  assert.equal(code, 1);
  assert.match(stderr, /^hostctl: cannot write: ENOSPC/);
});

/** What `logs` prints where stdout is a terminal, or says that it is. */
async function onTerminal(t: TestContext, bytes: string | Buffer, args: readonly string[]): Promise<string> {
  const daemon = await fakeDaemon(t, response => response.end(bytes));
  let printed = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      printed += chunk;
      done();
    },
  });
  const stdout = new Output(Object.assign(stream, { isTTY: true }), { TERM: 'xterm' });
  const context = { program, stdout, stderr: stdout, env: {}, onInterrupt: () => () => {} };
  const input = {
    operands: ['hello'],
    options: { socket: daemon.socket, ...Object.fromEntries(args.map(name => [name, true])) },
  };
  assert.equal(await logs.run(input, context), 0);
  return printed;
}

test('on a terminal an app moves no cursor; with --raw every byte comes as it is', async t => {
  const bytes = 'one\n\u001b[31mred\u001b[0m\u001b[2J\u001b]52;c;eA==\u0007\ntwo\n';
  assert.equal(
    await onTerminal(t, bytes, []),
    'one\n\u001b[31mred\u001b[0m\\x1b[2J\\x1b]52;c;eA==\\x07\u001b[0m\ntwo\n',
  );
  assert.equal(await onTerminal(t, bytes, ['raw']), bytes);
});
