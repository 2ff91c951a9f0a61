// Decisions alone, on directories that look like a cgroup2: what a kernel makes of the writes, scripts/test-vm.sh sees.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { delegatedIn, switchOn } from './controllers.ts';
import { boundMet, forgetKills, hasJustKilled, killsIn, newKills } from './oom.ts';
import { refusedForks, tasksBound, tasksFull } from './tasks.ts';

function tree(t: TestContext, files: Readonly<Record<string, string>>) {
  const top = mkdtempSync(join(tmpdir(), 'hostd-cgroup-'));
  t.after(() => rmSync(top, { recursive: true }));
  const parent = join(top, 'hostd.service');
  const base = join(parent, 'hostd-1');
  mkdirSync(base, { recursive: true });
  const usual = {
    'cgroup.controllers': 'cpu io memory pids',
    'hostd.service/cgroup.controllers': 'cpuset cpu io memory hugetlb pids',
    'hostd.service/cgroup.type': 'domain',
    'hostd.service/cgroup.procs': '',
    'hostd.service/cgroup.subtree_control': '',
    'hostd.service/hostd-1/cgroup.subtree_control': '',
  };
  for (const [name, text] of Object.entries({ ...usual, ...files })) {
    mkdirSync(dirname(join(top, name)), { recursive: true });
    writeFileSync(join(top, name), text);
  }
  return { top, parent, base, read: (name: string) => readFileSync(join(top, name), 'utf8') };
}

test('hostd stands beside what it hands controllers to', () => {
  assert.equal(
    delegatedIn('/sys/fs/cgroup/system.slice/hostd.service'),
    '/sys/fs/cgroup/system.slice/hostd.service',
  );
  assert.equal(delegatedIn('/cg/hostd.service/hostd-supervisor'), '/cg/hostd.service');
  assert.equal(delegatedIn('/cg/hostd.service/hostd-moved'), '/cg/hostd.service');
});

test('where no process is in the way, all are on', t => {
  const { parent, base, read } = tree(t, {});
  assert.deepEqual(switchOn(parent, base, {}), { on: new Set(['memory', 'cpu', 'pids', 'io']), why: null });
  assert.match(read('hostd.service/cgroup.subtree_control'), /^\+/);
});

test('hostd itself makes room, unless systemd could start no other one then', t => {
  const own = { 'hostd.service/cgroup.procs': `${process.pid}\n` };
  const alone = tree(t, own);
  assert.equal(switchOn(alone.parent, alone.base, {}).why, null);
  assert.equal(alone.read('hostd.service/hostd-moved/cgroup.procs'), String(process.pid));

  const old = tree(t, own);
  const refused = switchOn(old.parent, old.base, { NOTIFY_SOCKET: '/run/systemd/notify' });
  assert.equal(refused.on.size, 0);
  assert.match(refused.why ?? '', /started by the unit of an earlier hostd: copy etc\/hostd\.service again/);
  assert.equal(old.read('hostd.service/cgroup.subtree_control'), '', 'nothing is changed');
  assert.ok(!existsSync(join(old.parent, 'hostd-moved')));

  const prepared = tree(t, own);
  const environment = { NOTIFY_SOCKET: '/run/systemd/notify', HOSTD_CGROUP: 'delegated' };
  assert.equal(switchOn(prepared.parent, prepared.base, environment).why, null);
});

test('processes of others are left where they are', t => {
  const { parent, base, read } = tree(t, { 'hostd.service/cgroup.procs': `${process.pid}\n1\n` });
  const { on, why } = switchOn(parent, base, {});
  assert.equal(on.size, 0);
  assert.match(why ?? '', /other processes are in ".*" too \(such as 1\): start hostd by systemd/);
  assert.equal(read('hostd.service/cgroup.subtree_control'), '');
});

test('a machine without controllers is told from a unit without Delegate', t => {
  const bare = tree(t, { 'cgroup.controllers': '', 'hostd.service/cgroup.controllers': '' });
  assert.match(switchOn(bare.parent, bare.base, {}).why ?? '', /no controllers on this machine: boot with/);
  const kept = tree(t, { 'hostd.service/cgroup.controllers': '' });
  assert.match(
    switchOn(kept.parent, kept.base, {}).why ?? '',
    /handed no memory, cpu, pids, io controller: Delegate=yes/,
  );
  // systemd switches on what a neighbour needs, without being asked to.
  const some = tree(t, { 'hostd.service/cgroup.controllers': 'memory pids' });
  assert.deepEqual(switchOn(some.parent, some.base, {}), {
    on: new Set(['memory', 'pids']),
    why: `"${some.parent}" is handed no cpu, io controller: Delegate=yes in hostd.service`,
  });
});

test('a kernel that counts no memory is named', t => {
  const { parent, base } = tree(t, {
    'cgroup.controllers': 'cpu pids io',
    'hostd.service/cgroup.controllers': 'cpu pids io',
  });
  assert.deepEqual(switchOn(parent, base, {}), {
    on: new Set(['cpu', 'pids', 'io']),
    why: 'the kernel has no memory controller here: boot with cgroup_enable=memory',
  });
});

test('which bound a killed process has met', t => {
  const { parent } = tree(t, {
    'a.app/memory.events': 'low 0\noom 3\noom_kill 2\noom_group_kill 0\n',
    'a.app/memory.events.local': 'oom 1\n',
    'a.app/memory.max': '419430400\n',
    'a.app/a.1/memory.events': 'oom_kill 1\n',
    'a.app/a.1/memory.events.local': 'oom 0\n',
    'a.app/a.1/memory.max': 'max\n',
    'b.1/memory.events.local': 'oom 1\n',
    'b.1/memory.max': '41943040\n',
    'c.1/memory.events.local': 'oom 0\n',
  });
  const top = dirname(parent);
  assert.equal(killsIn(join(top, 'a.app')), 2);
  assert.equal(killsIn('/no/such/cgroup'), 0);
  assert.equal(boundMet(join(top, 'a.app/a.1')), 'memory_max 400M of the app reached');
  assert.equal(boundMet(join(top, 'b.1')), 'memory_max 40M reached');
  assert.equal(boundMet(join(top, 'c.1')), 'the machine ran out of memory');
});

test('whether tasks_max is reached, and whose, by the count of either kernel', t => {
  const { parent } = tree(t, {
    'a.app/pids.events': 'max 7\n',
    'a.app/pids.max': '50\n',
    'a.app/pids.current': '50\n',
    'a.app/a.1/pids.events': 'max 2\n',
    'a.app/a.1/pids.max': '40\n',
    'a.app/a.1/pids.current': '9\n',
    'b.1/pids.max': '20\n',
    'b.1/pids.current': '3\n',
    'c.1/pids.max': 'max\n',
  });
  const [a, b, c] = ['a.app/a.1', 'b.1', 'c.1'].map(name => join(dirname(parent), name)) as [
    string,
    string,
    string,
  ];
  assert.equal(refusedForks(a), 9);
  assert.equal(tasksFull(a), 'tasks_max 50 of the app');
  assert.equal(tasksBound(a), 'tasks_max 50 of the app');
  assert.equal(tasksFull(b), null);
  assert.equal(tasksBound(b), 'tasks_max 20', 'what was refused has ended since');
  assert.equal(tasksBound(c), null);
  assert.equal(refusedForks('/no/such/cgroup'), 0);
  assert.equal(tasksBound('/no/such/cgroup'), null);
});

test('a kill of an hour ago is not the end of today', t => {
  const { parent } = tree(t, { 'hostd.service/memory.events': 'oom_kill 1\n' });
  const events = join(parent, 'memory.events');
  assert.equal(newKills(parent, 1000), 1);
  assert.equal(newKills(parent, 2000), null, 'it is told once');
  assert.equal(hasJustKilled(parent, 1500), true, 'the news came first');
  assert.equal(hasJustKilled(parent, 3_600_000), false);
  writeFileSync(events, 'oom_kill 2\n');
  assert.equal(hasJustKilled(parent, 3_600_000), true, 'the end came first');
  forgetKills(parent);
  assert.equal(newKills(parent, 0), 2);
  forgetKills(parent);
});
