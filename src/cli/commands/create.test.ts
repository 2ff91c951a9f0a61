import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hostctl } from '../client/fake-daemon.test.ts';

/** hostd.toml in a directory of its own. */
function configuration(t: TestContext, text = ''): string {
  const directory = mkdtempSync(join(tmpdir(), 'cli-test-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'hostd.toml');
  writeFileSync(file, text);
  return file;
}

test('create --dry-run prints a script, and touches nothing', async t => {
  const file = configuration(t);
  const { code, stdout, stderr } = await hostctl(['create', 'hello', '--dry-run', '-c', file]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(
    stdout,
    /^# group "webapps"\nsudo groupadd --system webapps\n\n# user "hello"\nsudo useradd --system /,
  );
  assert.match(stdout, /\n# start\nsudo hostctl -c \S+hostd\.toml update\n$/);
  assert.deepEqual(readdirSync(join(file, '..')), ['hostd.toml']);
});

test('names that would be dangerous are wrong use, with an example', async t => {
  const file = configuration(t);
  for (const [args, message] of [
    [['../etc'], 'cannot use the name "../etc"'],
    [['hello', '--user', 'root'], 'cannot use the user "root": an app must not be root'],
    [['hello', '--user', 'a b'], 'cannot use the user "a b"'],
    [['hello', '--root', '/etc/hello'], `cannot use the directory "/etc/hello": "/etc" is the system's`],
    [['hello', '--from', '--upload-pack=id'], 'cannot use the source "--upload-pack=id"'],
    [['hello', '--host', 'http://hello.test'], 'cannot use the host name "http://hello.test"'],
  ] as const) {
    const { code, stdout, stderr } = await hostctl(['create', ...args, '--dry-run', '-c', file]);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.ok(stderr.startsWith(`hostctl: ${message}`), stderr);
    assert.match(stderr, /\n {2}try: .*\nusage: hostctl create NAME /);
  }
});

test('a configuration with errors is said before anything is made', async t => {
  const file = configuration(t, '[proxy]\nlisten = 7\n');
  const { code, stderr } = await hostctl(['create', 'hello', '-c', file]);
  assert.equal(code, 1);
  assert.ok(stderr.startsWith(`hostctl: ${file}:2:1: `), stderr);
});

test('only root can create and remove', { skip: process.getuid?.() === 0 ? 'is root' : false }, async t => {
  const file = configuration(t);
  for (const command of ['create', 'remove']) {
    const { code, stderr } = await hostctl([command, 'hello', '-c', file]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(
        `^hostctl: cannot ${command} an app: only root can.*\n {2}try: sudo hostctl ${command} hello`,
      ),
    );
  }
});

test('an app that nobody knows cannot be removed', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async t => {
  const file = configuration(t, `[hostd]\nstate_dir = "/nowhere"\n`);
  const { code, stderr } = await hostctl(['remove', 'hello', '-c', file]);
  assert.equal(code, 1);
  assert.equal(
    stderr,
    `hostctl: cannot remove "hello": there is no app of that name in ${file}\n  try: hostctl status\n`,
  );
});

test('an app that stands in a file with others is not removed with them', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async t => {
  const file = configuration(t, '[app.hello]\nroot = "/webapps/hello"\n');
  const { code, stderr } = await hostctl(['remove', 'hello', '-c', file]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /cannot take ".*" away: it is the main configuration\n {2}try: take \[app.hello\] out of it by hand/,
  );
});
