// What the kernel's tables and an app's files say, from recorded texts and a directory of the test's own.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeApp } from '../../model/app.ts';
import { native } from '../../native/index.ts';
import { anyFile, isSecretLine, lookForSecrets } from './files.ts';
import { idsIn, socketsOfNginx } from './front.ts';
import { cgroupOf, killsIn, machineMemory } from './memory.ts';

test('the ids of a process', () => {
  const status = 'Name:\tnginx\nUid:\t0\t33\t33\t33\nGid:\t0\t33\t33\t33\nGroups:\t33 999 \n';
  assert.deepEqual(idsIn(status), { uid: 33, groups: [33, 999] });
  assert.equal(idsIn(''), null);
});

test('cgroups, kills and memory', () => {
  const mounts = '30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n';
  assert.equal(cgroupOf('0::/hostd/hello\n', mounts), '/sys/fs/cgroup/hostd/hello');
  assert.equal(cgroupOf('1:memory:/x\n', mounts), null);
  assert.equal(cgroupOf('0::/x\n', ''), null);
  assert.equal(killsIn('low 0\noom 3\noom_kill 2\n'), 2);
  assert.equal(killsIn(''), null);
  assert.deepEqual(machineMemory('MemTotal:     2000 kB\nMemAvailable: 1000 kB\n'), {
    left: 1_024_000,
    all: 2_048_000,
  });
});

test('lines that have a secret in them', () => {
  for (const line of [
    'SECRET_KEY = "abcdef"',
    "        'PASSWORD': 'hunter2',",
    'EMAIL_HOST_PASSWORD="abcd"',
    'STRIPE_API_KEY = "sk_live"',
  ])
    assert.ok(isSecretLine(line), line);
  for (const line of [
    'SECRET_KEY = os.environ["SECRET_KEY"]',
    "'PASSWORD': '',",
    'AUTH_PASSWORD_VALIDATORS = [',
    '# SECRET_KEY = "x"',
    'SECRET_KEY = ""',
  ])
    assert.ok(!isSecretLine(line), line);
});

test('files of an app: secrets that are open, a static file, nginx’s sockets', () => {
  const root = mkdtempSync('/tmp/hostd-doctor-');
  try {
    chmodSync(root, 0o755);
    const user = native.user(process.geteuid?.() ?? 0);
    assert.ok(user !== null);
    const app = makeApp({ name: 'a', root, source: { file: '/f', key: [] }, settings: 'a.settings' });
    mkdirSync(`${root}/a/a`, { recursive: true });
    mkdirSync(`${root}/static/deep/er`, { recursive: true });
    writeFileSync(`${root}/.env`, 'X=1', { mode: 0o644 });
    writeFileSync(`${root}/a/a/settings.py`, 'SECRET_KEY = "abcdef"\n', { mode: 0o644 });
    writeFileSync(`${root}/a/db.sqlite3`, '', { mode: 0o600 });
    const open = () =>
      lookForSecrets(app, user, []).map(({ what, path }) => `${what} ${path.slice(root.length)}`);
    assert.deepEqual(open(), ['environment /.env', 'settings /a/a/settings.py']);
    chmodSync(root, 0o750);
    assert.deepEqual(open(), []);
    assert.deepEqual(anyFile(`${root}/static`, user), { file: null, isEmpty: true });
    writeFileSync(`${root}/static/deep/er/site.css`, '');
    assert.deepEqual(anyFile(`${root}/static`, user), { file: 'deep/er/site.css', isEmpty: false });
    mkdirSync(`${root}/sites-enabled`);
    writeFileSync(
      `${root}/sites-enabled/a`,
      'upstream a { server unix:/run/a.sock fail_timeout=0; }\nproxy_pass http://unix:/b.sock:/;',
    );
    assert.deepEqual(socketsOfNginx(root), ['/run/a.sock', '/b.sock']);
  } finally {
    rmSync(root, { recursive: true });
  }
});
