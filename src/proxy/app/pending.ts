// The requests that wait for an app's answer, in the order in which they came. Their number and the start of the oldest are in memory
// that hostd reads (protocol/note.ts).

/** A request that waits. `startedAt`: performance.now() when it was complete. */
export interface Waiter {
  readonly startedAt: number;
}

export class Pending {
  readonly #waiters = new Set<Waiter>();
  readonly #words: Uint32Array | null;

  /** `words`: two numbers, the count and the oldest's start; null: nobody reads them. */
  constructor(words: Uint32Array | null) {
    this.#words = words;
  }

  begin(waiter: Waiter): void {
    if (this.#words === null) return;
    this.#waiters.add(waiter);
    this.#write();
  }

  /** Does nothing for a request that does not wait. */
  end(waiter: Waiter): void {
    if (this.#waiters.delete(waiter)) this.#write();
  }

  #write(): void {
    const words = this.#words;
    if (words === null) return;
    const { value: oldest } = this.#waiters.values().next();
    words[0] = this.#waiters.size;
    words[1] = oldest === undefined ? 0 : Math.floor((performance.timeOrigin + oldest.startedAt) / 1000);
  }
}
