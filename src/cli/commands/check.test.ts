import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fakeDaemon, hostctl, json } from '../client/fake-daemon.test.ts';
import { hostd } from '../tables.ts';

/** A configuration directory with these files, removed after the test. */
function configuration(t: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'cli-test-'));
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'apps.d'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

const settings = '[control]\nsocket = "/nonexistent/hostd.sock"\ngroup = "root"\n[proxy]\nenabled = false\n';
const good = '[program.job]\ncommand = "/bin/sleep 1"\nuser = "nobody"\nstdout_logfile = "NONE"\n';

test('a configuration without problems is summed up in one line, by hostd and hostctl alike', async t => {
  const directory = configuration(t, { 'hostd.toml': settings, 'apps.d/job.toml': good });
  const expected = { code: 0, stdout: 'ok: 0 apps, 1 program\n', stderr: '' };
  const args = ['check', '-c', join(directory, 'hostd.toml')];
  assert.deepEqual(await hostctl(args), expected);
  assert.deepEqual(await hostctl(args, { program: hostd }), expected);
});

test('every problem is printed with its place, then their number, and check exits 1', async t => {
  const bad = '[program.job]\ncomand = "/bin/sleep 1"\n\n[program.other]\ncommand = 7\n';
  const directory = configuration(t, { 'hostd.toml': settings, 'apps.d/job.toml': bad });
  const { code, stdout, stderr } = await hostctl(['check'], {
    env: { HOSTD_CONFIG: join(directory, 'hostd.toml') },
  });
  assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
  assert.match(stdout, /^.*\/apps\.d\/job\.toml:2:1: .*"comand"/m);
  assert.match(stdout, /^ {2}try: command$/m);
  assert.match(stdout, /^.*\/apps\.d\/job\.toml:5:\d+: /m);
  assert.match(stdout, /\n\d+ errors, \d+ warnings?\n$/);
});

test('check --json prints the problems as an array', async t => {
  const directory = configuration(t, {
    'hostd.toml': settings,
    'apps.d/x.toml': '[program.x]\ncommand = 7\n',
  });
  const { code, stdout } = await hostctl(['check', '--json', '-c', join(directory, 'hostd.toml')]);
  assert.equal(code, 1);
  const [first] = JSON.parse(stdout);
  assert.deepEqual(Object.keys(first), ['severity', 'file', 'line', 'column', 'subject', 'message', 'try']);
  assert.deepEqual([first.severity, first.line, first.file], ['error', 2, join(directory, 'apps.d/x.toml')]);
});

test('a missing configuration is a problem like any other', async () => {
  const { code, stdout } = await hostctl(['check', '-c', '/nonexistent/hostd.toml']);
  assert.equal(code, 1);
  assert.match(stdout, /^\/nonexistent\/hostd\.toml.*: cannot/);
});

test('-c tells hostctl which socket to use, and --socket comes before it', async t => {
  const { socket } = await fakeDaemon(t, json({ programs: [], unknown: [] }));
  const directory = configuration(t, { 'hostd.toml': settings.replace('/nonexistent/hostd.sock', socket) });
  const file = join(directory, 'hostd.toml');
  for (const args of [
    ['status', '-c', file],
    ['-c', '/nonexistent', '--socket', socket, 'status'],
  ])
    assert.equal((await hostctl(args, { env: { HOSTD_SOCKET: '/nonexistent' } })).code, 0);
  assert.equal((await hostctl(['status'], { env: { HOSTD_CONFIG: file } })).code, 0);
});

test('an app with errors does not keep hostctl from finding the socket', async t => {
  const { socket } = await fakeDaemon(t, json({ programs: [], unknown: [] }));
  const directory = configuration(t, {
    'hostd.toml': settings.replace('/nonexistent/hostd.sock', socket),
    'apps.d/bad.toml': 'not toml at all',
  });
  assert.equal((await hostctl(['status', '-c', join(directory, 'hostd.toml')])).code, 0);
});

test('a configuration that cannot be read says so instead of trying a socket', async () => {
  const { code, stdout, stderr } = await hostctl(['stop', 'all', '-c', '/nonexistent/hostd.toml']);
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
  assert.match(stderr, /^hostctl: \/nonexistent\/hostd\.toml.*: cannot .*\n {2}try: .*\n$/);
});
