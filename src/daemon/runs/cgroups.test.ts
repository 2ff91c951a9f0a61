import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cgroupPath, ownCgroup } from './cgroups.ts';

const unified = '35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n';
const hybrid = `24 1 0:22 / /sys/fs/cgroup ro shared:5 - tmpfs tmpfs ro
25 24 0:23 / /sys/fs/cgroup/unified rw,nosuid shared:6 - cgroup2 cgroup2 rw
26 24 0:24 / /sys/fs/cgroup/systemd rw shared:7 - cgroup cgroup rw,name=systemd
`;

test('on any machine, hostd finds its cgroup below the mount of cgroup2', () => {
  assert.equal(
    cgroupPath(unified, '/system.slice/hostd.service'),
    '/sys/fs/cgroup/system.slice/hostd.service',
  );
  assert.equal(cgroupPath(hybrid, '/'), '/sys/fs/cgroup/unified/');
  assert.equal(
    cgroupPath(hybrid, '/system.slice/hostd.service'),
    '/sys/fs/cgroup/unified/system.slice/hostd.service',
  );
});

test('without a cgroup2 there is none', () => {
  assert.equal(cgroupPath('', '/'), null);
  assert.equal(
    cgroupPath('26 24 0:24 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n', '/'),
    null,
  );
});

test('a container may be shown a part of the hierarchy: its own part is used, that of others is not', () => {
  const part = '35 24 0:30 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n';
  assert.equal(cgroupPath(part, '/docker/abc'), '/sys/fs/cgroup/');
  assert.equal(cgroupPath(part, '/docker/abc/sub'), '/sys/fs/cgroup/sub');
  assert.equal(cgroupPath(part, '/docker/abcd'), null);
  assert.equal(cgroupPath(part, '/other'), null);
  // A cgroup that lies outside the cgroup namespace of this process.
  assert.equal(cgroupPath(unified, '/../../user.slice'), null);
  assert.equal(cgroupPath(part + unified, '/other'), '/sys/fs/cgroup/other');
});

test('a mount point may have blanks', () => {
  const line = '35 24 0:30 / /run/my\\040cgroups rw - cgroup2 cgroup2 rw\n';
  assert.equal(cgroupPath(line, '/a'), '/run/my cgroups/a');
});

test('the own cgroup is the line of the unified hierarchy', () => {
  assert.equal(ownCgroup('9:name=systemd:/init.scope\n0::/init.scope\n'), '/init.scope');
  assert.equal(ownCgroup('0::/\n'), '/');
  assert.equal(ownCgroup('8:pids:/\n'), null);
});
