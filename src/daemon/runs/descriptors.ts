// How many descriptors hostd may open. The last ones are kept for what must go on working when there is a shortage:
// the control socket, and the killing and reaping of what runs.

import { closeSync, openSync, readFileSync } from 'node:fs';
import { HostdError } from '../../errors.ts';
import type { Limit } from '../../model/host.ts';

/**
 * The limit that hostd was started with. Node raises its own soft limit to the hard one, so bin/runtime.sh tells; null: it has
 * not. Programs get this one, for a high soft limit harms those that use select(2).
 */
export function givenLimit(given = process.env['HOSTD_NOFILE']): Limit | null {
  if (given === undefined || !/^(\d{1,15}|unlimited)$/.test(given)) return null;
  const hard = parseLimit(limits(), 'hard');
  const soft = given === 'unlimited' ? Number.POSITIVE_INFINITY : Number(given);
  const value = (limit: number) => (Number.isFinite(limit) ? limit : null);
  return { soft: value(Math.min(soft, hard)), hard: value(hard) };
}

function limits(): string {
  return readFileSync('/proc/self/limits', 'utf8');
}

/** Descriptors that neither a program's start nor a caller may take. */
const reserve = 64;

let cachedLimit: number | undefined;

/**
 * To be asked with a descriptor that has just been opened: the kernel gives the lowest free number, so it tells how many
 * are in use.
 * `what` completes "cannot ...". @throws HostdError when only the reserve is left.
 */
export function keepReserve(fd: number, what = 'start'): void {
  cachedLimit ??= parseLimit(limits());
  // A limit that is itself hardly more than the reserve leaves it half.
  const usable = cachedLimit - Math.min(reserve, cachedLimit / 2);
  if (fd < usable) return;
  throw new HostdError(
    'failed',
    `cannot ${what}: hostd has ${fd} of its ${cachedLimit} file descriptors in use, and keeps the rest in reserve`,
    { hint: 'LimitNOFILE= in hostd.service, or: ulimit -n' },
  );
}

/** Like keepReserve, where nothing has been opened yet. */
export function checkReserve(what: string): void {
  const fd = openSync('/dev/null', 'r');
  try {
    keepReserve(fd, what);
  } finally {
    closeSync(fd);
  }
}

/** The limit of open files in /proc/PID/limits (proc_pid_limits(5)); Infinity for "unlimited". */
export function parseLimit(limits: string, which: 'soft' | 'hard' = 'soft'): number {
  const found = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits)?.[which === 'soft' ? 1 : 2];
  return found === undefined || found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found);
}
