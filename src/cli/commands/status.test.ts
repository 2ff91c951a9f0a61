import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeDaemon, hostctl, json, programStatus } from '../client/fake-daemon.test.ts';

const hello = programStatus();
const blog = programStatus({
  name: 'blog',
  state: 'FATAL',
  statecode: 200,
  pid: null,
  uptime_seconds: null,
  spawnerr: 'exited too quickly',
  description: 'exited too quickly',
});
const manual = programStatus({ name: 'manual:job', state: 'STOPPED', pid: null, description: 'Not started' });

test("status prints Supervisor's columns and exits 0 when every program runs", async t => {
  const { socket } = await fakeDaemon(t, json({ programs: [hello], unknown: [] }));
  assert.deepEqual(await hostctl(['status', '--socket', socket]), {
    code: 0,
    stdout: 'hello                            RUNNING   pid 23069, uptime 0:00:07\n',
    stderr: '',
  });
});

test('status exits 3 when a program is not running', async t => {
  const { socket } = await fakeDaemon(t, json({ programs: [hello, blog, manual], unknown: [] }));
  assert.deepEqual(await hostctl(['status'], { env: { HOSTD_SOCKET: socket } }), {
    code: 3,
    stdout:
      'hello                            RUNNING   pid 23069, uptime 0:00:07\n' +
      'blog                             FATAL     exited too quickly\n' +
      'manual:job                       STOPPED   Not started\n',
    stderr: '',
  });
});

test('a program that is still starting is not running yet, so status exits 3', async t => {
  const starting = programStatus({ state: 'STARTING', statecode: 10, description: '' });
  const { socket } = await fakeDaemon(t, json({ programs: [starting], unknown: [] }));
  assert.deepEqual(await hostctl(['status', '--socket', socket]), {
    code: 3,
    stdout: 'hello                            STARTING\n',
    stderr: '',
  });
});

test('status of an unknown name exits 4, and says which name may have been meant', async t => {
  const { socket } = await fakeDaemon(t, (response, { url }) => {
    const reply = url.includes('name=') ? { programs: [], unknown: ['helo'] } : { programs: [hello, blog] };
    json({ unknown: [], ...reply })(response, { method: 'GET', url, body: null });
  });
  assert.deepEqual(await hostctl(['status', 'helo', '--socket', socket]), {
    code: 4,
    stdout: '',
    stderr: 'hostctl: cannot find "helo": no such program or group\n  try: hello\n',
  });
});

test('a program that is not running weighs more than an unknown name', async t => {
  const { socket } = await fakeDaemon(t, json({ programs: [blog], unknown: ['zzz'] }));
  const { code, stderr } = await hostctl(['status', 'blog', 'zzz', '--socket', socket]);
  assert.equal(code, 3);
  assert.equal(stderr, 'hostctl: cannot find "zzz": no such program or group\n  try: hostctl status\n');
});

test('status --json prints exactly what hostd sent', async t => {
  const odd = programStatus({ spawnerr: 'a\u001b[2Jb\u009b\u202e"\\' });
  const { socket } = await fakeDaemon(t, json({ programs: [hello, odd], unknown: [] }));
  const { code, stdout } = await hostctl(['status', '--json', '--socket', socket]);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), [hello, odd]);
  assert.doesNotMatch(stdout, /[^\n -~]/);
});

test('a terminal gets colours, and an app cannot send it control characters', async t => {
  const evil = programStatus({ description: 'x\u001b]0;owned\u0007\r\ny' });
  const { socket } = await fakeDaemon(t, json({ programs: [evil, blog], unknown: [] }));
  const { stdout } = await hostctl(['status', '--socket', socket], { isTerminal: true });
  assert.equal(
    stdout,
    'hello                            \u001b[32mRUNNING   \u001b[0mx\\x1b]0;owned\\x07\\r\\ny\n' +
      'blog                             \u001b[31mFATAL     \u001b[0mexited too quickly\n',
  );
});

test('NO_COLOR and TERM=dumb keep a terminal plain', async t => {
  const { socket } = await fakeDaemon(t, json({ programs: [hello], unknown: [] }));
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    const { stdout } = await hostctl(['status', '--socket', socket], { isTerminal: true, env });
    assert.equal(stdout, 'hello                            RUNNING   pid 23069, uptime 0:00:07\n');
  }
});

test('without a daemon the error is two lines, and status exits 4', async () => {
  assert.deepEqual(await hostctl(['status', '--socket', '/nonexistent/hostd.sock']), {
    code: 4,
    stdout: '',
    stderr:
      'hostctl: cannot reach hostd at /nonexistent/hostd.sock: no such file\n' +
      '  try: hostd start, or: systemctl start hostd\n',
  });
});

test('a mistake in hostd.toml keeps nobody from asking hostd, unless it hides where the socket is', async t => {
  const { socket } = await fakeDaemon(t, json({ programs: [hello], unknown: [] }));
  const directory = mkdtempSync(join(tmpdir(), 'cli-test-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const config = join(directory, 'hostd.toml');
  const control = `[control]\nsocket = "${socket}"\n`;
  const status = (text: string) => {
    writeFileSync(config, text);
    return hostctl(['status', '-c', config]);
  };
  for (const wrong of [
    '[proxy]\nworkers = -1\n',
    '[supervisor]\nlisten = "127.0.0.1:9001"\n',
    '[app.a]\nx = 1\n',
  ])
    assert.equal((await status(control + wrong)).code, 0, wrong);
  assert.match((await status(`${control}sockt = 1\n`)).stderr, /there is no key "sockt"/);
});

test('other commands exit 1 without a daemon', async () => {
  for (const args of [['stop', 'hello'], ['reread'], ['update'], ['pid'], ['logs', 'hello'], ['shutdown']]) {
    const { code, stdout } = await hostctl([...args, '--socket', '/nonexistent/hostd.sock']);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
  }
});

test('a socket file that nobody listens on means that hostd is not running', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'cli-test-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const socket = join(directory, 'hostd.sock');
  writeFileSync(socket, '');
  assert.deepEqual(await hostctl(['status', '--socket', socket]), {
    code: 4,
    stdout: '',
    stderr:
      `hostctl: cannot reach hostd at ${socket}: hostd is not running\n` +
      '  try: hostd start, or: systemctl start hostd\n',
  });
});

test('what hostd refuses is printed in its own words', async t => {
  const error = {
    code: 'permission',
    message: 'cannot allow uid 1000 to do this',
    hint: 'sudo hostctl status',
  };
  const { socket } = await fakeDaemon(t, json({ error }, 403));
  assert.deepEqual(await hostctl(['status', '--socket', socket]), {
    code: 4,
    stdout: '',
    stderr: 'hostctl: cannot allow uid 1000 to do this\n  try: sudo hostctl status\n',
  });
});

test('a socket that belongs to something else is recognised', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'cli-test-'));
  const socket = join(directory, 'hostd.sock');
  const server = createServer(connection => connection.end('SSH-2.0-OpenSSH_9.2\r\n'));
  await new Promise<void>(resolve => server.listen(socket, resolve));
  t.after(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  assert.deepEqual(await hostctl(['status', '--socket', socket]), {
    code: 4,
    stdout: '',
    stderr:
      'hostctl: cannot understand the answer: it is not HTTP/1.1\n  try: is this the socket of hostd?\n',
  });
});

test('pid prints the pid of hostd, or of a program', async t => {
  const { socket } = await fakeDaemon(t, (response, asked) =>
    json(asked.url === '/v1/pid' ? { pid: 4711 } : { programs: [hello], unknown: [] })(response, asked),
  );
  assert.deepEqual(await hostctl(['pid', '--socket', socket]), { code: 0, stdout: '4711\n', stderr: '' });
  assert.deepEqual(await hostctl(['pid', 'hello', '--socket', socket]), {
    code: 0,
    stdout: '23069\n',
    stderr: '',
  });
});

test('pid of a program that does not run exits 1', async t => {
  const { socket } = await fakeDaemon(t, json({ programs: [manual], unknown: [] }));
  assert.deepEqual(await hostctl(['pid', 'manual:job', '--socket', socket]), {
    code: 1,
    stdout: '',
    stderr: 'hostctl: "manual:job" has no pid: it is STOPPED\n',
  });
});

test('names of any kind reach hostd as they were typed', async t => {
  const daemon = await fakeDaemon(t, json({ programs: [], unknown: [] }));
  await hostctl(['--socket', daemon.socket, 'status', 'a b', 'x:*', '--', '--json']);
  assert.deepEqual(daemon.asked, [
    { method: 'GET', url: '/v1/status?name=a%20b&name=x%3A*&name=--json', body: null },
  ]);
});
