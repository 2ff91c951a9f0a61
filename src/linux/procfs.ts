// What /proc tells of a process (proc_pid_stat(5)): which one it is, since a pid may be used again.

import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** Identifies a process for ever: no other process has the same three values. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks after boot. */
  readonly starttime: number;
  readonly bootId: string;
}

/** Ticks per second; USER_HZ is 100 on every Linux architecture that Node runs on. */
export const ticksPerSecond = 100;

let cachedBootId: string | undefined;

export function bootId(): string {
  cachedBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return cachedBootId;
}

/** Seconds since boot. */
export function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

export interface ProcessStat {
  /** R, S, D, T, Z, ... */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly starttime: number;
}

/** null: there is no such process. */
export function readStat(pid: number): ProcessStat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}

/** The command name is in parentheses and may itself contain any character, ")" included. */
export function parseStat(text: string): ProcessStat | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  const starttime = Number(fields[19]);
  if (state === undefined || !Number.isFinite(starttime)) return null;
  return { state, parent: Number(parent), group: Number(group), session: Number(session), starttime };
}

/** Identifies a process that is alive. A zombie is not. */
export function identify(pid: number): ProcessId | null {
  const stat = readStat(pid);
  return stat === null || stat.state === 'Z' ? null : { pid, starttime: stat.starttime, bootId: bootId() };
}

/** Whether this very process is still alive: same boot, same pid, same start. */
export function isAlive(id: ProcessId): boolean {
  return id.bootId === bootId() && identify(id.pid)?.starttime === id.starttime;
}

/** All processes that this process may see. */
export function pids(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number);
}

/** The living processes below these. The children of a dead process are left out: they have another parent now. */
export function descendants(roots: readonly number[]): ProcessId[] {
  const children = new Map<number, ProcessId[]>();
  for (const pid of pids()) {
    const stat = readStat(pid);
    if (stat === null || stat.state === 'Z') continue;
    const id = { pid, starttime: stat.starttime, bootId: bootId() };
    const siblings = children.get(stat.parent);
    if (siblings === undefined) children.set(stat.parent, [id]);
    else siblings.push(id);
  }
  return below(children, roots);
}

/** The children of this process that have ended and were not reaped yet. */
export function endedChildren(): ProcessId[] {
  return pids().flatMap(pid => {
    const stat = readStat(pid);
    const ours = stat !== null && stat.state === 'Z' && stat.parent === process.pid;
    return ours ? [{ pid, starttime: stat.starttime, bootId: bootId() }] : [];
  });
}

/** Each once, parents first. A root is not among its own descendants. The time grows linearly, however deep they are. */
export function below<T extends { readonly pid: number }>(
  children: ReadonlyMap<number, readonly T[]>,
  roots: readonly number[],
): T[] {
  const seen = new Set(roots);
  const found: T[] = [];
  const parents = [...roots];
  // The list grows meanwhile.
  for (const parent of parents)
    for (const child of children.get(parent) ?? []) {
      if (seen.has(child.pid)) continue;
      seen.add(child.pid);
      found.push(child);
      parents.push(child.pid);
    }
  return found;
}

/** Bytes of a process's environment that are read. It can have megabytes, and an app can have thousands of processes. */
const longestEnvironment = 256 * 1024;

/** Every process whose initial environment contains `entry` ("KEY=value"), as far as this process may look. */
export function withEnvironment(entry: string): number[] {
  const buffer = Buffer.allocUnsafe(longestEnvironment);
  return pids().filter(pid => pid !== process.pid && hasEnvironment(pid, entry, buffer));
}

/** Whether the process's initial environment contains `entry`. `buffer` is for many processes. */
export function hasEnvironment(
  pid: number,
  entry: string,
  buffer = Buffer.allocUnsafe(longestEnvironment),
): boolean {
  try {
    return `\0${readBeginning(`/proc/${pid}/environ`, buffer)}`.includes(`\0${entry}\0`);
  } catch {
    return false;
  }
}

/** Reads as much as the buffer holds. */
function readBeginning(path: string, buffer: Buffer): string {
  const fd = openSync(path, 'r');
  try {
    let length = 0;
    for (let got = -1; got !== 0 && length < buffer.length; length += got)
      got = readSync(fd, buffer, length, buffer.length - length, null);
    return buffer.toString('latin1', 0, length);
  } finally {
    closeSync(fd);
  }
}
