// Finds what a run has left where there is no cgroup to hold it: by its environment, and by having been below the run's
// main process when that was last signalled. A process that escapes both (it clears its environment, leaves its session and loses
// its parent before anybody stops the program) is not found. That takes a cgroup.

import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { native } from '../native/index.ts';
import { descendants, identify, isAlive, type ProcessId, withEnvironment } from './procfs.ts';

/** The part of a run that this file needs. */
export interface Origin {
  readonly process: ProcessId;
  /** "HOSTD_RUN=...", in the environment of everything that the run has started. */
  readonly marker: string;
}

/** Milliseconds until the next look where a process's end cannot be waited for. */
const lookAgain = 20;
/** Looks, at most. They outrun any program that forks under a limit. */
const mostLooks = 100;
/** Milliseconds of hostd's time in one turn. A program that forks without end is killed over several turns. */
const longestTurn = 100;

const noted = new WeakMap<Origin, readonly ProcessId[]>();

/** Notes what is below the run's main process now. */
export function noteDescendants(run: Origin): void {
  try {
    const alive = (noted.get(run) ?? []).filter(isAlive);
    const roots = [...(isAlive(run.process) ? [run.process] : []), ...alive].map(id => id.pid);
    noted.set(run, distinct([...alive, ...descendants(roots)]));
  } catch {
    // No descriptor is left to look with. The last note has to do.
  }
}

/** Sends SIGKILL to all strays, again and again until none is found. Then calls back. */
export function killStrays(run: Origin, callback: () => void): void {
  let again = true;
  const begun = performance.now();
  try {
    const { found, all } = freeze(run, begun + longestTurn);
    const pidfds = found.flatMap(openExactly);
    for (const pidfd of pidfds) signal(pidfd, constants.signals.SIGKILL);
    again = pidfds.length < found.length || !all;
    if (!again) whenEnded(pidfds, () => (found.length === 0 ? callback() : killStrays(run, callback)));
    else for (const pidfd of pidfds) closeSync(pidfd);
  } catch {
    // No descriptor is left to look with. Later there will be one.
  }
  // Others have as much time as this turn has taken.
  const pause = Math.max(lookAgain, performance.now() - begun);
  if (again) setTimeout(() => killStrays(run, callback), pause);
}

/** A pidfd for each stray. The caller closes them. */
export function strayPidfds(run: Origin): number[] {
  return strays(run).flatMap(openExactly);
}

/** Calls back when all of these processes have ended. Closes the pidfds. */
export function whenEnded(pidfds: readonly number[], callback: () => void): void {
  let left = pidfds.length;
  if (left === 0) callback();
  for (const pidfd of pidfds)
    native.watch(pidfd, () => {
      closeSync(pidfd);
      left -= 1;
      if (left === 0) callback();
    });
}

function strays(run: Origin): ProcessId[] {
  const marked = withEnvironment(run.marker).flatMap(pid => identify(pid) ?? []);
  const seen = (noted.get(run) ?? []).filter(isAlive);
  const roots = [...marked, ...seen];
  return distinct([...roots, ...descendants(roots.map(id => id.pid))]);
}

/**
 * Stops all strays before any is killed, since one may fork while another is being killed. `all` false: until the deadline each look
 * found new ones. Those that are stopped stay stopped for the next try.
 */
function freeze(run: Origin, deadline: number): { found: ProcessId[]; all: boolean } {
  const frozen = new Set<number>();
  for (let look = 0; look < mostLooks; look++) {
    const found = strays(run);
    const fresh = found.filter(id => !frozen.has(id.pid));
    if (fresh.length === 0) return { found, all: true };
    if (performance.now() > deadline && look > 0) return { found, all: false };
    for (const id of fresh) {
      frozen.add(id.pid);
      for (const pidfd of openExactly(id)) {
        signal(pidfd, constants.signals.SIGSTOP);
        closeSync(pidfd);
      }
    }
  }
  return { found: strays(run), all: true };
}

/** The pidfd of this very process; empty when the process has ended, or hostd has no descriptor left. */
function openExactly(id: ProcessId): number[] {
  let pidfd: number;
  try {
    pidfd = native.pidfdOpen(id.pid);
  } catch {
    return [];
  }
  // The pid may have become another process's before the open. From here on the pidfd holds the process.
  if (isAlive(id)) return [pidfd];
  closeSync(pidfd);
  return [];
}

function signal(pidfd: number, number: number): void {
  try {
    native.pidfdSignal(pidfd, number);
  } catch {
    // The process has ended by itself.
  }
}

function distinct(ids: readonly ProcessId[]): ProcessId[] {
  return [...new Map(ids.map(id => [id.pid, id])).values()];
}
