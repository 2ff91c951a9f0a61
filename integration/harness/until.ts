// Waits for what no event tells of. Where there is an event, wait for that instead.

import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** Milliseconds until the wait fails. It only ends a hang, so it is longer than any machine is busy. */
  readonly timeout?: number;
  /** Milliseconds between two looks, at least: at most half of the time is spent on looking, as a look may start a command. */
  readonly every?: number;
}

/** Waits until `condition` returns something true, and returns it. `what` completes "waited in vain for ...". */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  { timeout = 60_000, every = 25 }: Patience = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const begun = performance.now();
    const result = await condition();
    if (result) return result as Exclude<T, false | null | undefined | 0 | ''>;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what} (${timeout} ms)`);
    await sleep(Math.max(every, performance.now() - begun));
  }
}
