// Visitors of many sites: one after the other, and at random.

import { setTimeout as sleep } from 'node:timers/promises';
import type { TestApp } from '../../integration/harness/apps.ts';
import { ask, type Target } from '../../scripts/http.ts';
import { idleSeconds } from './stack.ts';

/** Every answer but 200, and every request without an answer. */
export class Failures {
  count = 0;
  /** By status or error, with how often. */
  readonly how: Record<string, number> = {};

  add(error: Error): void {
    this.count++;
    this.how[error.message] = (this.how[error.message] ?? 0) + 1;
  }
}

/** Milliseconds until the answer. Throws for any but 200. */
export async function visit(to: Target, host: string): Promise<number> {
  const begun = performance.now();
  const { status } = await ask({ to, host, timeout: 120_000 });
  if (status !== 200) throw new Error(`${host} answers with ${status}`);
  return performance.now() - begun;
}

/** Tries again until there is a right answer; for ten minutes. */
export async function firstAnswer(to: Target, host: string): Promise<void> {
  const deadline = performance.now() + 600_000;
  for (;;) {
    try {
      await visit(to, host);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(250);
    }
  }
}

/**
 * For so many seconds, bursts of one to eight visitors at once come to a site, a site and a moment chosen at random. Half of them come again
 * about when the site falls asleep. The two processors here start less than one site a second. Returns how many requests there were.
 */
export async function visitAtRandom(
  port: number,
  sites: readonly TestApp[],
  seconds: number,
  failures: Failures,
): Promise<number> {
  let requests = 0;
  const one = async (host: string) => {
    requests++;
    await visit({ port }, host).catch((error: Error) => failures.add(error));
  };
  const burst = (host: string) => Promise.all(Array.from({ length: 1 + random(8) }, () => one(host)));
  const visitors: Promise<unknown>[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const { host = '' } = sites[random(sites.length)] ?? {};
    const again = () => sleep(idleSeconds * (900 + random(500))).then(() => burst(host));
    visitors.push(burst(host).then(() => (random(2) === 0 ? again() : undefined)));
    await sleep(-Math.log(1 - Math.random()) * meanPause);
  }
  await Promise.all(visitors);
  return requests;
}

/** Milliseconds between two bursts. */
const meanPause = 2500;

function random(below: number): number {
  return Math.floor(Math.random() * below);
}
