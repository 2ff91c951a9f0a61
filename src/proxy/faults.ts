// How many exceptions that belong to no exchange a worker may have before it should be replaced. Pure.

/** This many exceptions within this many milliseconds are too many. */
const most = 50;
const withinMs = 10_000;

export class Faults {
  readonly #times: number[] = [];

  /** Counts one exception at `now` (milliseconds of any clock). Returns whether there are too many. */
  add(now: number): boolean {
    this.#times.push(now);
    while ((this.#times[0] ?? now) <= now - withinMs) this.#times.shift();
    return this.#times.length > most;
  }
}
