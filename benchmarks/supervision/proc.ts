// What /proc says of a supervisor's processes: memory and CPU time.

import { readFileSync } from 'node:fs';

/** USER_HZ is 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

export interface Memory {
  /** MiB, summed over the processes. */
  readonly rss: number;
  readonly pss: number;
  readonly dirty: number;
}

export function memoryOf(pids: readonly number[]): Memory {
  const sum = (file: string, key: string) =>
    pids.reduce((total, pid) => total + kilobytes(`/proc/${pid}/${file}`, key), 0) * (1 / 1024);
  return {
    rss: sum('status', 'VmRSS'),
    pss: sum('smaps_rollup', 'Pss'),
    dirty: sum('smaps_rollup', 'Private_Dirty'),
  };
}

/** User and system time of the processes, without their children's, in seconds; to 0.01 s. */
export function cpuOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields 14 and 15 (proc_pid_stat(5)), counted from after the name, which may have blanks in it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}

function kilobytes(file: string, key: string): number {
  const found = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`cannot find "${key}" in ${file}`);
  return Number(found);
}
