// When a running program has to be reloaded before it makes trouble: for its age, the clock, its memory, or missing
// answers. And when not: a reload that was refused, or did not help, is not tried again at once. Pure: times
// and figures come in.

import { lastTimeOfDay, nextTimeOfDay, timeOfDayText } from './local-time.ts';
import { mostRepeat } from './schedule.ts';

/** The keys of a program; zero and null: it asks for nothing. */
export interface UpkeepRules {
  /** Bytes. */
  readonly memoryRestart: number;
  /** Seconds. */
  readonly maxAge: number;
  /** Minutes after midnight, local time. */
  readonly restartAt: number | null;
}

export type Cause =
  | { readonly kind: 'health'; readonly failures: number; readonly path: string; readonly why: string }
  /** Bytes. */
  | { readonly kind: 'memory'; readonly used: number; readonly limit: number }
  /** Seconds. */
  | { readonly kind: 'age'; readonly limit: number }
  | { readonly kind: 'clock'; readonly minutes: number };

/** The urgent ones go first. */
export function urgency({ kind }: Cause): number {
  return ['health', 'memory', 'age', 'clock'].indexOf(kind);
}

/** "max_age 1d", with the figure that exceeds it if there is one. */
export function causeText(cause: Cause): string {
  switch (cause.kind) {
    case 'health':
      return `${cause.path} failed ${cause.failures} times in a row: ${cause.why}`;
    case 'memory':
      return `${sizeText(cause.used)} of memory, memory_restart ${sizeText(cause.limit)}`;
    case 'age':
      return `max_age ${ageText(cause.limit)}`;
    case 'clock':
      return `restart_at ${timeOfDayText(cause.minutes)}`;
  }
}

/** "412M": for people, to a tenth below ten. */
export function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ['G', 1024 ** 3],
    ['M', 1024 ** 2],
    ['K', 1024],
  ] as const) {
    if (bytes < size) continue;
    const value = bytes / size;
    return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)}${unit}`;
  }
  return `${bytes}`;
}

function ageText(seconds: number): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const)
    if (seconds % size === 0) return `${seconds / size}${unit}`;
  return `${seconds}s`;
}

/** Milliseconds after a time of day in which a hostd that was down then makes up for it. */
const longestMissed = 3_600_000;

/** A run, and since when it has its time of day: since its start, or since an update has set it. Unix times in milliseconds. */
export interface Life {
  readonly startedAt: number;
  readonly clockSince: number;
}

/** When the run is due, and why. A time that is not after `now` means now. null: never. */
export function nextDue(
  { maxAge, restartAt }: UpkeepRules,
  { startedAt, clockSince }: Life,
  now: number,
): { readonly at: number; readonly cause: Cause } | null {
  const age =
    maxAge === 0 ? null : { at: startedAt + maxAge * 1000, cause: { kind: 'age', limit: maxAge } as const };
  if (restartAt === null) return age;
  const last = lastTimeOfDay(restartAt, now);
  const isMissed = last > startedAt && last > clockSince && now - last < longestMissed;
  const begun = Math.max(startedAt, clockSince);
  // A clock that is put back a little does not bring a time again that this run was started for.
  const after = begun - now > mostRepeat ? now : Math.max(now, begun);
  const at = isMissed ? last : nextTimeOfDay(restartAt, after);
  return age !== null && age.at <= at ? age : { at, cause: { kind: 'clock', minutes: restartAt } };
}

/** How often a program was reloaded for a cause, or refused to be, in quick succession. */
export interface Attempts {
  readonly count: number;
  /** When the last one was, in milliseconds of a clock that nobody sets. */
  readonly last: number;
}

export const noAttempts: Attempts = { count: 0, last: 0 };

/** Milliseconds: after the first attempt, and at most. */
const firstPause = 60_000;
const longestPause = 3_600_000;

/** Milliseconds after the last attempt until the next one may be. */
export function pauseAfter({ count }: Attempts): number {
  return count === 0 ? 0 : Math.min(longestPause, firstPause * 2 ** Math.min(count - 1, 20));
}

/** Counts another attempt at `now`. After a good time of twice the pause it is the first. */
export function attempted(attempts: Attempts, now: number): Attempts {
  const isForgotten = now - attempts.last >= 2 * pauseAfter(attempts);
  return { count: isForgotten ? 1 : attempts.count + 1, last: now };
}

/** Milliseconds until the next look at its memory: rare, and more frequent near its limit. */
export function nextLook(used: number, limit: number): number {
  return used * 2 < limit ? 30_000 : 10_000;
}
