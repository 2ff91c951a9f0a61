// Stops all processes of some runs for a moment, and lets them go on again. They go on even if hostd is killed in between, since what
// is stopped is written down first, and the next hostd reads that.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import {
  descendants,
  identify,
  isAlive,
  type ProcessId,
  readStat,
  withEnvironment,
} from '../../linux/procfs.ts';
import { ownPaths } from '../own/own-files.ts';
import type { Run } from '../runs/run.ts';

/** Milliseconds in which hostd does nothing but wait for the processes to stop. */
export interface StopLimits {
  readonly cgroups: number;
  /** Where the processes have to be found in /proc, which takes long on a busy machine. */
  readonly processes: number;
}

const usual: StopLimits = { cgroups: 100, processes: 300 };
const lookEvery = 0.5;

interface Note {
  readonly cgroups: readonly string[];
  readonly processes: readonly ProcessId[];
}

export interface Stopper {
  /**
   * Calls `action` while no process of these runs runs. `action` is synchronous, so nothing can come between. It is not called
   * when they cannot be stopped in time.
   */
  whileStopped(runs: readonly Run[], action: () => void): void;
}

/** First lets go on what a killed hostd has left stopped. */
export function makeStopper(stateDir: string, limits: StopLimits = usual): Stopper {
  const file = ownPaths({ stateDir, runtimeDir: '' }).stoppedRuns;
  resume(read(file));
  rmSync(file, { force: true });
  return {
    whileStopped(runs, action) {
      const cgroups = runs.flatMap(run => run.cgroup ?? []);
      const loose = runs.filter(run => run.cgroup === null);
      if (runs.length === 0) {
        action();
        return;
      }
      const processes: ProcessId[] = [];
      const write = () =>
        writeFileSync(file, JSON.stringify({ cgroups, processes } satisfies Note), { mode: 0o600 });
      const deadline = performance.now() + (loose.length > 0 ? limits.processes : limits.cgroups);
      write();
      try {
        for (const cgroup of cgroups) freeze(cgroup, true);
        const stopped =
          cgroups.every(cgroup => wait(deadline, () => isFrozen(cgroup))) &&
          stopAll(loose, processes, write, deadline);
        if (stopped) action();
      } finally {
        resume({ cgroups, processes });
        rmSync(file, { force: true });
      }
    },
  };
}

function freeze(cgroup: string, on: boolean): void {
  writeFileSync(join(cgroup, 'cgroup.freeze'), on ? '1' : '0');
}

function isFrozen(cgroup: string): boolean {
  return readFileSync(join(cgroup, 'cgroup.events'), 'utf8').includes('frozen 1');
}

/**
 * Stops every process of these runs, and looks again until it finds none that still runs, since one may have forked meanwhile.
 * false: that took too long.
 */
function stopAll(runs: readonly Run[], stopped: ProcessId[], write: () => void, deadline: number): boolean {
  if (runs.length === 0) return true;
  while (performance.now() < deadline) {
    const fresh = runs.flatMap(processesOf).filter(id => !isStill(id));
    if (fresh.length === 0) return true;
    stopped.push(...fresh);
    write();
    for (const id of fresh) signal(id, 'SIGSTOP');
    if (!wait(deadline, () => fresh.every(isStill))) return false;
  }
  return false;
}

/** Whether a process is stopped, or gone. */
function isStill({ pid }: ProcessId): boolean {
  const state = readStat(pid)?.state;
  return state === undefined || state === 'Z' || state === 'T' || state === 't';
}

function processesOf(run: Run): ProcessId[] {
  const marked = withEnvironment(run.marker).flatMap(pid => identify(pid) ?? []);
  const all = [run.process, ...marked, ...descendants([run.process.pid, ...marked.map(id => id.pid)])];
  return [...new Map(all.map(id => [id.pid, id])).values()];
}

function resume({ cgroups, processes }: Note): void {
  for (const cgroup of cgroups) {
    try {
      freeze(cgroup, false);
    } catch {
      // The cgroup is gone, and so are its processes.
    }
  }
  for (const id of processes) signal(id, 'SIGCONT');
}

/** Signals the process. One that has ended needs no signal. */
function signal(id: ProcessId, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    if (!isAlive(id)) return;
    process.kill(id.pid, constants.signals[name]);
  } catch {
    // The process has ended.
  }
}

function wait(deadline: number, condition: () => boolean): boolean {
  while (!condition()) {
    if (performance.now() > deadline) return false;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookEvery);
  }
  return true;
}

function read(file: string): Note {
  try {
    const { cgroups, processes } = JSON.parse(readFileSync(file, 'utf8')) as Note;
    return { cgroups, processes: processes.filter(isAlive) };
  } catch {
    return { cgroups: [], processes: [] };
  }
}
