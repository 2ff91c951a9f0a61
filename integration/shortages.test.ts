// What a start can lack: descriptors, or a place to write it down. hostd says why, loses nothing, and goes on when it is there again.

import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ProgramStatus } from '../src/protocol/control.ts';
import { isRoot, testAccounts } from './harness/accounts.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace } from './harness/place.ts';
import { childrenOf, descriptors, marked, zombiesOf } from './harness/processes.ts';
import { until } from './harness/until.ts';

const noProxy = { enabled: false };

/** It waits for its next try, or is at it. */
const isWaiting = ({ state }: ProgramStatus) => state === 'BACKOFF' || state === 'STARTING';

test('with no descriptors left for more programs, hostd answers, says why, and goes on when there are some', async t => {
  const place = makePlace(t);
  const user = isRoot ? { user: (await testAccounts()).a.name } : {};
  const program = {
    many: {
      command: 'sleep 1000',
      // Each takes two descriptors at least.
      numprocs: 100,
      process_name: '%(program_name)s_%(process_num)02d',
      startsecs: 0,
      startretries: 1000,
      ...user,
    },
  };
  const under = ['prlimit', '--nofile=150:150'];
  const hostd = await startHostd(place, { config: { proxy: noProxy, program }, under });
  const list = await hostd.status();
  const waiting = list.filter(isWaiting);
  assert.ok(waiting.length > 5 && waiting.length < 95, `${waiting.length} wait`);
  for (const p of waiting.filter(({ state }) => state === 'BACKOFF'))
    assert.match(p.description, /cannot start: hostd has \d+ of its 150 file descriptors/);
  const used = descriptors(hostd.pid);
  const tries = async () => (await hostd.status()).reduce((sum, { run }) => sum + run, 0);
  const before = await tries();
  await until('more tries', async () => (await tries()) >= before + waiting.length, { every: 200 });
  assert.ok(descriptors(hostd.pid) <= used + 3, 'each try gives back what it took');
  // The reserve is for this: commands, a change of the configuration, crashes.
  const running = list.filter(p => p.state === 'RUNNING');
  for (const p of running.slice(0, 3)) process.kill(p.pid ?? 0, 'SIGKILL');
  const stopped = running.slice(3);
  t.diagnostic(`${running.length} run, ${waiting.length} wait`);
  assert.equal((await hostd.hostctl('stop', ...stopped.map(p => p.name))).code, 0);
  await until(
    'some that waited to start',
    async () => (await hostd.status()).filter(isWaiting).length < waiting.length - stopped.length / 2,
    { every: 200 },
  );
  assert.equal(zombiesOf(hostd.pid), 0);
  assert.equal(await hostd.stop(), 0);
});

test('a run that cannot be written down does not run, and leaves nothing', async t => {
  const place = makePlace(t);
  const program = { one: { command: 'sleep 1000', startsecs: 0, startretries: 1000, autostart: false } };
  const hostd = await startHostd(place, { config: { proxy: noProxy, program } });
  const used = descriptors(hostd.pid);
  const runs = `${place.dir}/lib/runs`;
  renameSync(runs, `${runs}.away`);
  writeFileSync(runs, 'no directory');
  await hostd.hostctl('start', 'one');
  const { description } = await hostd.state('one', 'BACKOFF');
  assert.match(description, /ENOTDIR/);
  await until('several tries', async () => (await hostd.status())[0]?.run !== 1);
  assert.deepEqual(
    marked(place.mark).filter(p => p.command === 'sleep 1000'),
    [],
  );
  await until('nothing to be left', () => zombiesOf(hostd.pid) === 0 && childrenOf(hostd.pid).length === 0);
  assert.ok(descriptors(hostd.pid) <= used + 2);
  writeFileSync(runs, '');
  renameSync(runs, `${runs}.file`);
  renameSync(`${runs}.away`, runs);
  await hostd.state('one', 'RUNNING');
});
