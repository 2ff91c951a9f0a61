import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { explain, groupName } from './unreachable.ts';

function failure(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

test('the name of a group is found by its number', () => {
  const text = 'root:x:0:\nhostd:x:998:alice,bob\nstaff:x:50:\n';
  assert.equal(groupName(text, 998), 'hostd');
  assert.equal(groupName(text, 99), null);
});

test('who may not connect is told the group that may', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async t => {
  const socket = join(mkdtempSync(join(tmpdir(), 'cli-test-')), 'hostd.sock');
  t.after(() => rmSync(join(socket, '..'), { recursive: true }));
  writeFileSync(socket, '');
  chmodSync(socket, 0o660);
  for (const [gid, hint] of [
    [1, 'sudo hostctl ..., or: join group daemon (usermod -aG daemon USER)'],
    [0, 'sudo hostctl ...'],
  ] as const) {
    chownSync(socket, 0, gid);
    const error = await explain(failure('EACCES'), socket);
    assert.deepEqual(
      [error.code, error.message, error.hint],
      ['permission', `cannot reach hostd at ${socket}: permission denied`, hint],
    );
  }
});

test('each way of not being reached has its own words', async () => {
  for (const [code, kind, message] of [
    ['ENOENT', 'no-daemon', 'cannot reach hostd at /s: no such file'],
    ['ECONNREFUSED', 'no-daemon', 'cannot reach hostd at /s: hostd is not running'],
    ['EPERM', 'permission', 'cannot reach hostd at /s: permission denied'],
    ['ENAMETOOLONG', 'no-daemon', 'cannot reach hostd at /s: the path is longer than 107 bytes'],
    ['ECONNRESET', 'failed', 'cannot say how it ended: hostd closed the connection'],
    ['EIO', 'no-daemon', 'cannot reach hostd at /s: connect EIO'],
  ] as const) {
    const error = await explain(failure(code), '/s');
    assert.deepEqual([error.code, error.message], [kind, message]);
    assert.ok(error.hint);
  }
});
