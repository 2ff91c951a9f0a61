import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { identify, readStat } from '../../linux/procfs.ts';
import type { Run } from '../runs/run.ts';
import { makeStopper } from './stop.ts';

/** Long limits, since the machine may be busy with other tests. */
const patient = { cgroups: 5000, processes: 5000 };

async function scene(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-stop-'));
  const marker = `HOSTD_RUN=stop-test.${process.pid}.${Math.random()}`;
  const [name = '', value = ''] = marker.split('=');
  // A shell with a child in another session, which no process group holds.
  const child = spawn('/bin/sh', ['-c', 'setsid sleep 100 & wait'], {
    env: { PATH: '/usr/bin:/bin', [name]: value },
  });
  const pids = () => [child.pid ?? 0, ...childrenOf(child)];
  t.after(() => {
    for (const pid of pids()) process.kill(pid, 'SIGKILL');
    rmSync(directory, { recursive: true });
  });
  await until(() => pids().length === 2 && isAsleep(pids()[1] ?? 0));
  return { directory, marker, child, pids };
}

/** Whether the child is what it is to be, and waits. */
const isAsleep = (pid: number) =>
  readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n' && readStat(pid)?.state === 'S';

function childrenOf({ pid }: ChildProcess): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function runOf(child: ChildProcess, marker: string): Run {
  const id = identify(child.pid ?? 0);
  assert.ok(id !== null);
  return { number: 1, process: id, pidfd: -1, cgroup: null, startedAt: 0, status: null, marker } as Run;
}

const states = (pids: number[]) => pids.map(pid => readStat(pid)?.state);

/** Looks again and again, for at most a minute. */
async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!isTrue()) {
    assert.ok(performance.now() < deadline, 'it took a minute');
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

const become = (pids: () => number[], wanted: readonly string[]) =>
  until(() => states(pids()).join() === wanted.join());

test('without a cgroup every process of a run is stopped, and goes on afterwards', async t => {
  const { directory, marker, child, pids } = await scene(t);
  assert.equal(pids().length, 2);
  const stopper = makeStopper(directory, patient);
  let seen: unknown = null;
  stopper.whileStopped([runOf(child, marker)], () => {
    seen = states(pids());
    assert.ok(existsSync(join(directory, 'stopped.json')));
  });
  assert.deepEqual(seen, ['T', 'T']);
  await become(pids, ['S', 'S']);
  assert.equal(existsSync(join(directory, 'stopped.json')), false);
});

test('they go on when what is done meanwhile fails, and one that was stopped before stays so', async t => {
  const { directory, marker, child, pids } = await scene(t);
  const [, grandchild = 0] = pids();
  process.kill(grandchild, 'SIGSTOP');
  await become(pids, ['S', 'T']);
  const stopper = makeStopper(directory, patient);
  assert.throws(
    () =>
      stopper.whileStopped([runOf(child, marker)], () => {
        throw new Error('a full disk');
      }),
    /a full disk/,
  );
  await become(pids, ['S', 'T']);
});

test('what a killed hostd has left stopped goes on with the next one; a pid that was used again is left alone', async t => {
  const { directory, child, pids } = await scene(t);
  const all = pids();
  for (const pid of all) process.kill(pid, 'SIGSTOP');
  await become(() => all, ['T', 'T']);
  const [first, second] = all.map(pid => identify(pid));
  assert.ok(first && second);
  const processes = [first, { ...second, starttime: second.starttime - 1 }];
  writeFileSync(join(directory, 'stopped.json'), JSON.stringify({ cgroups: [], processes }));
  makeStopper(directory);
  await become(() => all, ['S', 'T']);
  assert.ok(child.exitCode === null);
});

test('without runs nothing is stopped, and the work is done', async t => {
  const { directory } = await scene(t);
  let done = 0;
  makeStopper(directory).whileStopped([], () => {
    done += 1;
  });
  assert.equal(done, 1);
});
