// How a run ended, in words: by itself, by a signal, or before it was the program.

import { constants } from 'node:os';
import { readLaunchFailure } from '../../linux/launch-failure.ts';
import type { Ended } from '../../native/index.ts';

/** Why it could not be started; null: it was. */
export function launchFailure(status: number): string | null {
  const failure = readLaunchFailure(status);
  return failure === null ? null : `a failure to start (${failure.stage}: ${failure.code})`;
}

/** "exit code 1", "SIGKILL". */
export function describe(ended: Ended | null): {
  how: string;
  code: number | null;
} {
  if (ended?.signal != null) {
    const name = Object.entries(constants.signals).find(([, number]) => number === ended.signal)?.[0];
    return { how: name ?? `signal ${ended.signal}`, code: null };
  }
  return { how: `exit code ${ended?.code ?? '?'}`, code: ended?.code ?? null };
}
