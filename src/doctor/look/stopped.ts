// Processes that a signal has stopped: SIGSTOP, or a debugger's or a shell's. They are there, and answer nobody.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { descendants, readStat } from '../../linux/procfs.ts';

/** Those of these processes that are stopped (state T of proc_pid_stat(5)), with all that they have started. */
export function stoppedAmong(roots: readonly number[]): readonly number[] {
  return [...roots, ...descendants(roots).map(({ pid }) => pid)].filter(isStopped);
}

function isStopped(pid: number): boolean {
  return readStat(pid)?.state === 'T';
}

/** The hostd of this state directory, if it is stopped; null: it is not, or this user may not look. */
export function stoppedHostd(stateDir: string): number | null {
  try {
    const pid = Number(readFileSync(join(stateDir, 'hostd.lock'), 'utf8'));
    return pid > 0 && isStopped(pid) ? pid : null;
  } catch {
    return null;
  }
}
