// Many crashes at once, fork bombs, and a machine that lets no more processes be made: hostd answers, stays small, and recovers.

import assert from 'node:assert/strict';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../scripts/http.ts';
import { API, type ProgramStatus } from '../src/protocol/control.ts';
import { isRoot, needsRoot, testAccounts } from './harness/accounts.ts';
import { type Hostd, startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { countedFor, descriptors, marked, zombiesOf } from './harness/processes.ts';
import { until } from './harness/until.ts';
import { withoutCgroup2 } from './harness/without-cgroup2.ts';

const noProxy = { enabled: false };

/** It waits for its next try, or is at it. */
const isWaiting = ({ state }: ProgramStatus) => state === 'BACKOFF' || state === 'STARTING';

interface Responsiveness {
  readonly median: number;
  readonly longest: number;
}

/** Asks for the status again and again, for so many milliseconds; how long the answers took, in milliseconds. */
async function watch(hostd: Hostd, ms: number): Promise<Responsiveness> {
  const times: number[] = [];
  for (const end = performance.now() + ms; performance.now() < end; await sleep(20)) {
    const begun = performance.now();
    const { status } = await ask({
      to: { socketPath: hostd.socket },
      host: 'control',
      path: `${API}/status`,
    });
    assert.equal(status, 200);
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  return { median: times[Math.floor(times.length / 2)] ?? 0, longest: times.at(-1) ?? 0 };
}

function say(t: TestContext, { median, longest }: Responsiveness, pid: number): void {
  t.diagnostic(
    `status in ${median.toFixed(1)} ms (median), ${longest.toFixed(0)} ms (longest); ${megabytes(pid)} MB`,
  );
}

/** Resident memory. */
function megabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

async function account(): Promise<{ user?: string }> {
  return isRoot ? { user: (await testAccounts()).a.name } : {};
}

test('50 of 200 programs crash again and again: the others run on, status is answered, nothing leaks', async t => {
  const place = makePlace(t);
  const user = await account();
  const name = '%(program_name)s_%(process_num)03d';
  const hostd = await startHostd(place, {
    config: {
      proxy: noProxy,
      program: {
        calm: { command: 'sleep 1000', numprocs: 150, process_name: name, startsecs: 0, ...user },
      },
    },
  });
  const calm = (await hostd.status()).map(program => program.pid);
  assert.equal(calm.filter(pid => pid !== null).length, 150);
  const before = { fds: descriptors(hostd.pid), memory: megabytes(hostd.pid) };
  const table = `[program.stormy]\ncommand = "sh -c 'sleep 0.1; exit 1'"\nnumprocs = 50\nprocess_name = "${name}"\nstartsecs = 0\nautorestart = true\n${isRoot ? `user = "${user.user}"\n` : ''}`;
  const crowd = place.write('etc/apps.d/stormy.toml', table);
  const update = hostd.hostctl('update');
  const seen = await watch(hostd, 4000);
  say(t, seen, hostd.pid);
  assert.equal((await update).code, 0);
  assert.ok(seen.median < 1000, `${seen.median} ms`);
  assert.ok(seen.longest < 5000, `${seen.longest} ms`);
  const during = await hostd.status();
  const runs = during.filter(p => p.group === 'stormy').reduce((sum, p) => sum + p.run, 0);
  t.diagnostic(`${runs} runs`);
  assert.ok(runs > 60);
  writeFileSync(crowd, '');
  await hostd.hostctl('update');
  const after = await hostd.status();
  assert.deepEqual(
    after.map(program => program.pid),
    calm,
  );
  await until('descriptors to be given back', () => descriptors(hostd.pid) <= before.fds + 5);
  assert.ok(megabytes(hostd.pid) < before.memory + 60, `${before.memory} to ${megabytes(hostd.pid)} MB`);
  assert.equal(zombiesOf(hostd.pid), 0);
});

const bombs = {
  'that stays in its session': 'while True:\n  try: os.fork()\n  except OSError: pass\n',
  'whose every process leaves its session':
    'while True:\n  try:\n    if os.fork() == 0: os.setsid()\n  except OSError: pass\n',
};

for (const [kind, source] of Object.entries(bombs)) {
  for (const cgroups of [true, false]) {
    const where = cgroups ? 'with cgroups' : 'without cgroups';
    test(`a fork bomb ${kind} is stopped whole (${where})`, { skip: needsRoot }, async t => {
      const place = makePlace(t);
      const { a } = await testAccounts();
      place.write('bomb.py', `import os\n${source}`);
      const program = {
        bomb: {
          command: `/usr/bin/python3 ${place.dir}/bomb.py`,
          user: a.name,
          startsecs: 0,
          autorestart: false,
          limits: { nproc: 40 },
        },
        calm: { command: 'sleep 1000', startsecs: 0 },
      };
      const under = cgroups ? [] : withoutCgroup2();
      const hostd = await startHostd(place, { config: { proxy: noProxy, program }, under });
      assert.equal(hostd.output().includes('no cgroup v2'), !cgroups);
      const bombers = () => marked(place.mark).filter(p => p.command.includes('bomb.py')).length;
      await until('the bomb to fill its limit', () => bombers() >= 35);
      const seen = await watch(hostd, 1000);
      say(t, seen, hostd.pid);
      assert.ok(seen.longest < 5000, `${seen.longest} ms`);
      const begun = performance.now();
      assert.equal((await hostd.hostctl('stop', 'bomb')).code, 0);
      t.diagnostic(`stopped in ${((performance.now() - begun) / 1000).toFixed(2)} s`);
      assert.equal(bombers(), 0);
      assert.equal((await hostd.state('calm', 'RUNNING')).run, 1);
    });
  }
}

test('when the kernel lets no more processes be made, hostd answers, and goes on when it does', {
  skip: needsRoot,
}, async t => {
  const place = makePlace(t);
  const { a } = await testAccounts();
  // The init of a machine may take its time to reap what a fork bomb has left.
  await until('the processes of earlier tests to be gone', () => countedFor(a.uid) === 0);
  chownSync(place.dir, a.uid, a.gid);
  const program = {
    many: {
      command: 'sleep 1000',
      numprocs: 40,
      process_name: '%(program_name)s_%(process_num)02d',
      startsecs: 0,
      startretries: 1000,
    },
  };
  const limited = [
    'setpriv',
    `--reuid=${a.uid}`,
    `--regid=${a.gid}`,
    '--clear-groups',
    'prlimit',
    '--nproc=40:40',
  ];
  const hostd = await startHostd(place, { config: { proxy: noProxy, program }, under: limited });
  const list = await hostd.status();
  const waiting = list.filter(isWaiting);
  assert.ok(waiting.length > 2, `${waiting.length} wait`);
  for (const p of waiting.filter(({ state }) => state === 'BACKOFF'))
    assert.match(p.description, /cannot start: the limit of processes is reached \(EAGAIN/);
  const used = descriptors(hostd.pid);
  const seen = await watch(hostd, 1500);
  say(t, seen, hostd.pid);
  assert.ok(descriptors(hostd.pid) <= used + 3);
  // Room for all that wait, whatever hostd itself needs meanwhile: its threads count, too.
  const running = list.filter(p => p.state === 'RUNNING').slice(0, waiting.length + 4);
  assert.equal((await hostd.hostctl('stop', ...running.map(p => p.name))).code, 0);
  await until('those that waited to start', async () => !(await hostd.status()).some(isWaiting), {
    every: 200,
  });
  assert.equal(zombiesOf(hostd.pid), 0);
});
