// What a run has left where there is no cgroup to hold it: found by its environment, and by having been below the run's
// main process when that was last signalled. A process that escapes both (its environment cleared, its session left, its
// parent gone, before anybody stopped the program) is not found: that takes a cgroup.

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
/** Enough to outrun any program that forks under a limit. */
const mostLooks = 100;
/** Milliseconds of hostd's time at once: of a program that forks without end the rest comes in the next turn. */
const longestTurn = 100;

const noted = new WeakMap<Origin, readonly ProcessId[]>();

/** Remembers what is below the run's main process now. */
export function noteDescendants(run: Origin): void {
  try {
    const alive = (noted.get(run) ?? []).filter(isAlive);
    const roots = [...(isAlive(run.process) ? [run.process] : []), ...alive].map(id => id.pid);
    noted.set(run, distinct([...alive, ...descendants(roots)]));
  } catch {
    // No descriptor to look with: what was seen before has to do.
  }
}

/** SIGKILL to all of them, again and again until none is found; then calls back. */
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
    // No descriptor to look with: there will be.
  }
  // As long as the turn was, others have theirs.
  const pause = Math.max(lookAgain, performance.now() - begun);
  if (again) setTimeout(() => killStrays(run, callback), pause);
}

/** A pidfd for each; the caller closes them. */
export function strayPidfds(run: Origin): number[] {
  return strays(run).flatMap(openExactly);
}

/** Calls back when every one of these processes has ended; closes the pidfds. */
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
 * Stops them all before any is killed, since one may fork while another is being killed. Not all: there were new ones to the last.
 * Those that are stopped stay so for the next try.
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

/** The pidfd of this very process; none when it has ended, or when hostd has no descriptor left. */
function openExactly(id: ProcessId): number[] {
  let pidfd: number;
  try {
    pidfd = native.pidfdOpen(id.pid);
  } catch {
    return [];
  }
  // The pid may have changed hands between the look and the open; the pidfd holds it still.
  if (isAlive(id)) return [pidfd];
  closeSync(pidfd);
  return [];
}

function signal(pidfd: number, number: number): void {
  try {
    native.pidfdSignal(pidfd, number);
  } catch {
    // It has ended by itself.
  }
}

function distinct(ids: readonly ProcessId[]): ProcessId[] {
  return [...new Map(ids.map(id => [id.pid, id])).values()];
}
