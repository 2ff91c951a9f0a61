// What /proc says of a process (proc_pid_stat(5)): who it is, beyond a pid that may have been used again.

import { readdirSync, readFileSync } from 'node:fs';

/** A process for ever: no other one has the same three. */
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

/** Identifies a process that is alive (a zombie is not). */
export function identify(pid: number): ProcessId | null {
  const stat = readStat(pid);
  return stat === null || stat.state === 'Z' ? null : { pid, starttime: stat.starttime, bootId: bootId() };
}

/** Whether this very process is still alive: same boot, same pid, same start. */
export function isAlive(id: ProcessId): boolean {
  return id.bootId === bootId() && identify(id.pid)?.starttime === id.starttime;
}

/** Every process whose initial environment contains `entry` ("KEY=value"), as far as this process may look. */
export function withEnvironment(entry: string): number[] {
  const wanted = `\0${entry}\0`;
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => pid !== process.pid)
    .filter(pid => {
      try {
        return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(wanted);
      } catch {
        return false;
      }
    });
}
