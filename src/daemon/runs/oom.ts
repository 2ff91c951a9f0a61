// Whether the kernel has killed processes of a cgroup for their memory, and which bound was reached (Control Group v2,
// memory.events and memory.events.local).

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sizeText } from '../../lifecycle/upkeep.ts';

/** Processes of the cgroup that were killed for memory, for any bound. */
export function killsIn(cgroup: string): number {
  return countOf(read(cgroup, 'memory.events'), 'oom_kill');
}

/** The bound that was reached: "memory_max 400M reached". `appPlace`: whether the cgroup is in that of an app. */
export function boundMet(cgroup: string, appPlace: boolean): string {
  const app = dirname(cgroup);
  for (const directory of appPlace ? [cgroup, app] : [cgroup]) {
    const bytes = Number(read(directory, 'memory.max'));
    if (countOf(read(directory, 'memory.events.local'), 'oom') > 0 && bytes > 0)
      return `memory_max ${sizeText(bytes)}${directory === app ? ' of the app' : ''} reached`;
  }
  return 'the machine ran out of memory';
}

/** The number of a key in a flat keyed file; 0: it has none. */
export function countOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

function read(directory: string, file: string): string {
  try {
    return readFileSync(join(directory, file), 'utf8');
  } catch {
    return '';
  }
}
