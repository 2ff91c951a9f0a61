// Whether the kernel has killed processes of a cgroup for their memory, and which bound was reached (Control Group v2,
// memory.events and memory.events.local).

import { sizeText } from '../../lifecycle/upkeep.ts';
import { countOf, levelsOf, readIn } from './cgroup-files.ts';

/** Processes of the cgroup that were killed for memory, for any bound. */
export function killsIn(cgroup: string): number {
  return countOf(readIn(cgroup, 'memory.events'), 'oom_kill');
}

/** Milliseconds between the kernel's kill of a main process and hostd's news of its end, at most. */
const longestNews = 5000;
/** How many kills were seen of a cgroup, and when the last one was (performance.now()). */
const seen = new Map<string, { readonly kills: number; readonly at: number }>();

/** Looks whether there are more kills than at the last look. Returns their number, or null: there are no more. */
export function newKills(cgroup: string, now: number): number | null {
  const kills = killsIn(cgroup);
  if (kills <= (seen.get(cgroup)?.kills ?? 0)) return null;
  seen.set(cgroup, { kills, at: now });
  return kills;
}

/** Whether a main process that has just ended by SIGKILL may have been one of them: a worker's death of an hour ago is not its own. */
export function hasJustKilled(cgroup: string, now: number): boolean {
  newKills(cgroup, now);
  const last = seen.get(cgroup);
  return last !== undefined && last.kills > 0 && now - last.at < longestNews;
}

/** The cgroup is gone. */
export function forgetKills(cgroup: string): void {
  seen.delete(cgroup);
}

/** The bound that was reached: "memory_max 400M reached". */
export function boundMet(cgroup: string): string {
  for (const directory of levelsOf(cgroup)) {
    const bytes = Number(readIn(directory, 'memory.max'));
    if (countOf(readIn(directory, 'memory.events.local'), 'oom') > 0 && bytes > 0)
      return `memory_max ${sizeText(bytes)}${directory === cgroup ? '' : ' of the app'} reached`;
  }
  return 'the machine ran out of memory';
}
