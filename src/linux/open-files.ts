// The limit of open files that this process was started with, which differs from its present limit.

import { readFileSync } from 'node:fs';

/** null: infinity. */
export interface OpenFiles {
  readonly soft: number | null;
  readonly hard: number | null;
}

/** RLIMIT_NOFILE of setrlimit(2), the same on every architecture that Node runs on. */
export const nofile = 7;

/**
 * Node raises its own soft limit to the hard one, so bin/runtime.sh tells what it was; null: it did not. Programs get the original limit,
 * since a high soft limit harms programs that use select(2).
 */
export function givenOpenFiles(given = process.env['HOSTD_NOFILE']): OpenFiles | null {
  if (given === undefined || !/^(\d{1,15}|unlimited)$/.test(given)) return null;
  const hard = parseOpenFiles(ownLimits(), 'hard');
  const soft = given === 'unlimited' ? Number.POSITIVE_INFINITY : Number(given);
  const value = (limit: number) => (Number.isFinite(limit) ? limit : null);
  return { soft: value(Math.min(soft, hard)), hard: value(hard) };
}

/** The soft limit of this process now; Infinity: none. */
export function openFilesNow(): number {
  return parseOpenFiles(ownLimits(), 'soft');
}

function ownLimits(): string {
  return readFileSync('/proc/self/limits', 'utf8');
}

/** From /proc/PID/limits (proc_pid_limits(5)); Infinity for "unlimited". */
export function parseOpenFiles(limits: string, which: 'soft' | 'hard'): number {
  const found = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits)?.[which === 'soft' ? 1 : 2];
  return found === undefined || found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found);
}
