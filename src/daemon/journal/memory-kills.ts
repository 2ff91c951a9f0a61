// Whether the kernel has killed a process for lack of memory: its own count (proc_vmstat(5), oom_kill) is looked at when a program was
// ended by a SIGKILL that hostd has not sent. The count does not tell whose process it was.

import { readFileSync } from 'node:fs';

/** What the count tells about a SIGKILL that has just been seen; null: nothing. */
export type AskMemory = () => string | null;

/** Looks at once, for what comes after. */
export function watchMemory(read: () => string = readStat): AskMemory {
  let known = killsIn(read());
  return () => {
    const kills = killsIn(read());
    const before = known;
    known = kills;
    if (kills === null || before === null || kills <= before) return null;
    return 'ended by SIGKILL, while the kernel killed for want of memory';
  };
}

/** null: the kernel does not count (before 4.13). */
export function killsIn(vmstat: string): number | null {
  const count = /^oom_kill (\d+)$/m.exec(vmstat)?.[1];
  return count === undefined ? null : Number(count);
}

function readStat(): string {
  try {
    return readFileSync('/proc/vmstat', 'utf8');
  } catch {
    return '';
  }
}
