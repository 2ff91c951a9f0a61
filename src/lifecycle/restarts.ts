// How long a program waits before its next try, and when hostd gives up. Pure.
//
// Two rules. Supervisor's (startretries is a number): after a failed start hostd waits 1, 2, 3 ... seconds, and then gives up. After a
// crash of a running program it restarts at once. hostd's own rule for apps (startretries is null) never gives up: the first
// restart is at once, each later one waits twice as long, up to a cap. Jitter keeps programs that crashed together from coming back
// together. After a while of good running all failures are forgotten.

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
const firstDelay = 100;
export const longestDelay = 30_000;
const goodRunning = 10_000;

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

/** firstDelay, doubled for each further failure, capped, minus up to a quarter. */
function doubling(rule: Restarts, failures: number, random: number): number {
  const longest = rule.longestDelay ?? longestDelay;
  const delay = Math.min(longest, firstDelay * 2 ** Math.min(failures - 1, 20));
  return Math.round(delay * (1 - random / 4));
}
