// The requests that wait for an app's answer, in the order in which they came: how many, and since when the oldest does, in memory
// that hostd can look into (protocol/note.ts).

/** Whoever waits. `startedAt`: performance.now() when its request was complete. */
export interface Waiter {
  readonly startedAt: number;
}

export class Pending {
  readonly #waiters = new Set<Waiter>();
  readonly #words: Uint32Array | null;

  /** `words`: two numbers, the count and the oldest's time; null: nobody looks. */
  constructor(words: Uint32Array | null) {
    this.#words = words;
  }

  begin(waiter: Waiter): void {
    if (this.#words === null) return;
    this.#waiters.add(waiter);
    this.#write();
  }

  /** Harmless for one that does not wait. */
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
