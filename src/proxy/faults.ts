// How many exceptions that belong to no exchange a worker may have before it is better off anew. Pure.

/** So many within so many milliseconds. */
const most = 50;
const withinMs = 10_000;

export class Faults {
  readonly #times: number[] = [];

  /** One more, at `now` (milliseconds of any clock): whether there are too many. */
  add(now: number): boolean {
    this.#times.push(now);
    while ((this.#times[0] ?? now) <= now - withinMs) this.#times.shift();
    return this.#times.length > most;
  }
}
