// Whether the kernel has killed for want of memory: its own count (proc_vmstat(5), oom_kill), looked at when a program was ended by
// a SIGKILL that hostd has not sent. Whose process it was, the count does not say.

import { readFileSync } from 'node:fs';

/** What the count says of a SIGKILL that has just been seen; null: nothing. */
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

/** null: a kernel that does not count (before 4.13). */
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
