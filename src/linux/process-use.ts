// What single processes have used of the machine, as /proc tells: processor time (proc_pid_stat(5)) and memory (proc_pid_statm(5)).

import { readFileSync } from 'node:fs';
import { native } from '../native/index.ts';
import { ticksPerSecond } from './procfs.ts';

export interface ProcessorTime {
  readonly parent: number;
  /** Seconds: of the process itself, and of its children that have ended and were waited for. */
  readonly own: number;
  readonly ended: number;
}

/** null: there is no such process. */
export function processorTime(pid: number): ProcessorTime | null {
  const text = native.readKernelFile(`/proc/${pid}/stat`);
  return text === null ? null : parseProcessorTime(text);
}

/** The command name is in parentheses and may itself contain any character, ")" included. */
export function parseProcessorTime(text: string): ProcessorTime | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number);
  if (user === undefined || system === undefined || endedUser === undefined || endedSystem === undefined)
    return null;
  const seconds = (ticks: number) => (Number.isFinite(ticks) ? ticks / ticksPerSecond : 0);
  return {
    parent: Number(fields[1]),
    own: seconds(user + system),
    ended: seconds(endedUser + endedSystem),
  };
}

/** Bytes of a process's anonymous memory; what it shares with its parent since a fork counts in both. null: there is no such process. */
export function residentMemory(pid: number): number | null {
  const text = native.readKernelFile(`/proc/${pid}/statm`);
  return text === null ? null : parseResident(text, pageSize());
}

/** "size resident shared ..." in pages. What is shared is files, and memory that was mapped as shared. */
export function parseResident(text: string, page: number): number | null {
  const [, resident, shared] = text.split(' ').map(Number);
  if (resident === undefined || shared === undefined) return null;
  return Number.isFinite(resident - shared) ? Math.max(0, resident - shared) * page : null;
}

/** Seconds of processor time in a cgroup's cpu.stat: it has them without any controller. null: the text has none. */
export function parseCpuStat(text: string): number | null {
  const found = /^usage_usec (\d+)$/m.exec(text);
  return found === null ? null : Number(found[1]) / 1e6;
}

let cachedPageSize: number | undefined;

/** Bytes: 4096, or 65536 on some arm64 machines. The kernel tells each process in its auxiliary vector (getauxval(3)). */
function pageSize(): number {
  cachedPageSize ??= readPageSize();
  return cachedPageSize;
}

const AT_PAGESZ = 6n;

function readPageSize(): number {
  try {
    const vector = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= vector.length; at += 16)
      if (vector.readBigUInt64LE(at) === AT_PAGESZ) return Number(vector.readBigUInt64LE(at + 8));
  } catch {
    // The usual one.
  }
  return 4096;
}
