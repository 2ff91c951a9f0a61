// How often a source may try to log in: a few times at once, then now and then. Each source has tries of its own, so that nobody uses up
// those of others. Pure but for its memory, which is bounded.

import type { Source } from './source.ts';

/** Tries at once, and milliseconds until one more is allowed. */
const burst = 10;
const refillMs = 10_000;
/** Sources that are remembered. */
const mostSources = 4096;

interface Bucket {
  tries: number;
  at: number;
}

export class Attempts {
  readonly #buckets = new Map<Source, Bucket>();

  /** Counts a try. 0: it is allowed; otherwise milliseconds until the next one is. `now`: of a clock that nobody sets. */
  take(source: Source, now: number): number {
    const bucket = this.#buckets.get(source) ?? { tries: 0, at: now };
    const tries = Math.max(0, bucket.tries - (now - bucket.at) / refillMs);
    if (tries > burst - 1) return Math.ceil((tries - (burst - 1)) * refillMs);
    // The one that was used last comes last.
    this.#buckets.delete(source);
    this.#buckets.set(source, { tries: tries + 1, at: now });
    if (this.#buckets.size > mostSources) this.#forget(now);
    return 0;
  }

  /** The source has logged in: its tries are forgotten. */
  forgive(source: Source): void {
    this.#buckets.delete(source);
  }

  /** Forgets those that have all their tries again, or else the one that was used longest ago. */
  #forget(now: number): void {
    const before = this.#buckets.size;
    for (const [source, { tries, at }] of this.#buckets)
      if (tries - (now - at) / refillMs <= 0) this.#buckets.delete(source);
    if (this.#buckets.size < before) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
