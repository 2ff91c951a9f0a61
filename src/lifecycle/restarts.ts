// How long a program waits before its next try, and when hostd gives up. Pure.
//
// Two rules. Supervisor's (startretries is a number): after a failed start wait 1, 2, 3 ... seconds, then give up; after a
// crash of a running program restart at once. hostd's own for apps (startretries is null): never give up; the first
// restart is at once, the next ones wait twice as long each, up to a cap, with jitter so that programs that
// crashed together do not come back together; a while of good running forgets it all.

export interface Restarts {
  /** Tries after the first, or null: for ever. */
  readonly startretries: number | null;
  /** Milliseconds; absent: longestDelay. */
  readonly longestDelay?: number;
}

export interface Backoff {
  /** Failures in a row so far. */
  readonly tries: number;
  /** Milliseconds. */
  readonly delay: number;
}

/** Milliseconds. */
export const firstDelay = 100;
export const longestDelay = 30_000;
export const goodRunning = 10_000;

/** After the start number `tries + 1` in a row has failed. */
export function afterFailedStart(rule: Restarts, tries: number, random: number): Backoff | 'give-up' {
  const failures = tries + 1;
  if (rule.startretries === null) return { tries: failures, delay: doubling(rule, failures, random) };
  return failures > rule.startretries ? 'give-up' : { tries: failures, delay: failures * 1000 };
}

/** After a program ended that had been running for `uptime` milliseconds. */
export function afterRunning(rule: Restarts, tries: number, uptime: number, random: number): Backoff {
  if (rule.startretries !== null) return { tries: 0, delay: 0 };
  if (tries === 0 || uptime >= goodRunning) return { tries: 1, delay: 0 };
  return { tries: tries + 1, delay: doubling(rule, tries, random) };
}

/** firstDelay, doubled for each further failure, capped, less up to a quarter. */
function doubling(rule: Restarts, failures: number, random: number): number {
  const longest = rule.longestDelay ?? longestDelay;
  const delay = Math.min(longest, firstDelay * 2 ** Math.min(failures - 1, 20));
  return Math.round(delay * (1 - random / 4));
}
