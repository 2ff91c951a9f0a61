// How much memory processes use without what the kernel keeps of files for them: by their cgroup where its memory is counted
// (Control Group v2, memory.stat), else process by process (proc_pid_smaps(5)).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { descendants } from './procfs.ts';

/** Processes that are read of in one turn: each costs the kernel a walk through all of its memory. */
const inOneTurn = 8;
/** Of more than that the rest is taken to be as large. */
const mostProcesses = 400;

/** Bytes; null: nobody can say. `cgroup` null: those below `pid`. Others have their turns meanwhile. */
export async function memoryUse(cgroup: string | null, pid: number): Promise<number | null> {
  const counted = cgroup === null ? null : read(join(cgroup, 'memory.stat'));
  const anonymous = counted === null ? null : anonymousOf(counted);
  if (anonymous !== null) return anonymous;
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
    if (bytes !== null) {
      sum += bytes;
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

/** Bytes of smaps_rollup: what is shared is divided among those who share it. Pss_Anon is new in Linux 5.4. */
export function proportionOf(text: string): number | null {
  const found = /^Pss_Anon: +(\d+) kB$/m.exec(text) ?? /^Pss: +(\d+) kB$/m.exec(text);
  return found === null ? null : Number(found[1]) * 1024;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
