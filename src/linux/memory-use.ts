// How much memory processes use, without the kernel's cache of files, and with what of it is in swap: by their cgroup where its memory is
// counted (Control Group v2, memory.stat), else process by process (proc_pid_smaps(5)).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { descendants } from './procfs.ts';

/** Processes that are read in one turn. For each the kernel walks through all of its memory. */
const inOneTurn = 8;
/** Processes that are read. Beyond that the rest are assumed to be as large. */
const mostProcesses = 400;

/** Bytes, in memory and in swap; null: not known. `cgroup` null: the processes below `pid`. Gives others their turns meanwhile. */
export async function memoryUse(cgroup: string | null, pid: number): Promise<number | null> {
  const counted = cgroup === null ? null : read(join(cgroup, 'memory.stat'));
  const anonymous = counted === null ? null : anonymousOf(counted);
  if (cgroup !== null && anonymous !== null)
    return anonymous + Number(read(join(cgroup, 'memory.swap.current')) ?? 0);
  const members = cgroup === null ? null : read(join(cgroup, 'cgroup.procs'));
  const pids =
    members === null
      ? [pid, ...descendants([pid]).map(id => id.pid)]
      : members.split('\n').filter(Boolean).map(Number);
  return await sumOf(pids);
}

async function sumOf(pids: readonly number[]): Promise<number | null> {
  const looked = pids.slice(0, mostProcesses);
  let [sum, seen] = [0, 0];
  for (const [index, pid] of looked.entries()) {
    const text = read(`/proc/${pid}/smaps_rollup`);
    const bytes = text === null ? null : proportionOf(text);
    if (text !== null && bytes !== null) {
      sum += bytes + swappedOf(text);
      seen += 1;
    }
    if (index % inOneTurn === inOneTurn - 1) await new Promise(resolve => setImmediate(resolve));
  }
  return seen === 0 ? null : Math.round((sum * pids.length) / looked.length);
}

/** Bytes of memory.stat's "anon". */
export function anonymousOf(text: string): number | null {
  const found = /^anon (\d+)$/m.exec(text);
  return found === null ? null : Number(found[1]);
}

/** Bytes in smaps_rollup: shared memory is divided among its users. Pss_Anon is new in Linux 5.4. */
export function proportionOf(text: string): number | null {
  const found = /^Pss_Anon: +(\d+) kB$/m.exec(text) ?? /^Pss: +(\d+) kB$/m.exec(text);
  return found === null ? null : Number(found[1]) * 1024;
}

/** Bytes in smaps_rollup that are in swap. */
export function swappedOf(text: string): number {
  const found = /^SwapPss: +(\d+) kB$/m.exec(text);
  return found === null ? 0 : Number(found[1]) * 1024;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
