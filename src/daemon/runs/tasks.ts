// Whether a cgroup, or that of its app, has as many tasks as tasks_max lets it have (Control Group v2, "PID"): then fork(2) fails in it.

import { countOf, levelsOf, readIn } from './cgroup-files.ts';

/** How often the kernel has refused a fork there. Linux 6.11 counts where the bound is, an older one where the fork was. */
export function refusedForks(cgroup: string): number {
  return levelsOf(cgroup).reduce((sum, level) => sum + countOf(readIn(level, 'pids.events'), 'max'), 0);
}

/** "tasks_max 20 of the app": the bound that is reached now; null: none is. */
export function tasksFull(cgroup: string): string | null {
  return boundsOf(cgroup).find(({ isFull }) => isFull)?.text ?? null;
}

/** The bound that is reached now, or the nearest one that there is, since the tasks may have ended; null: there is none. */
export function tasksBound(cgroup: string): string | null {
  return tasksFull(cgroup) ?? boundsOf(cgroup)[0]?.text ?? null;
}

function boundsOf(cgroup: string): readonly { readonly text: string; readonly isFull: boolean }[] {
  return levelsOf(cgroup).flatMap(level => {
    const most = Number(readIn(level, 'pids.max') || 'max');
    const text = `tasks_max ${most}${level === cgroup ? '' : ' of the app'}`;
    return Number.isNaN(most) ? [] : [{ text, isFull: Number(readIn(level, 'pids.current')) >= most }];
  });
}
