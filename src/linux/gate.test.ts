import assert from 'node:assert/strict';
import { closeSync } from 'node:fs';
import { test } from 'node:test';
import { native } from '../native/index.ts';
import { openGate } from './gate.ts';

test('a child that has ended before its gate is told by its status, not by an error of the gate', async () => {
  const child = native.spawn({
    file: '/bin/true',
    binary: -1,
    argv: ['true'],
    env: [],
    directory: '/',
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    groups: [],
    umask: 0o022,
    limits: [],
    fds: [999_999],
    cgroup: -1,
    noNewPrivs: 0,
  });
  const pidfd = native.pidfdOpen(child.pid);
  await new Promise<void>(resolve => native.watch(pidfd, resolve));
  openGate(child.gate);
  assert.notEqual(native.reap(child.pid)?.code, 0);
  for (const fd of [child.gate, child.status, pidfd]) closeSync(fd);
});
