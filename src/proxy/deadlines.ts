// Many deadlines by one timer, which is set to the earliest. A connection that moves its deadline with each byte costs an
// assignment, not a timer. A deadline is met a few milliseconds late at most, never early.

import { type Bearer, guard } from './guard.ts';

export interface HasDeadline extends Bearer {
  /** performance.now() milliseconds; Infinity: none. Written by Deadlines alone. */
  deadline: number;
  /** Its index among the owners with a deadline. Written by Deadlines alone. */
  slot: number;
  /** Called once when the deadline has passed. The owner then has none. */
  expired(): void;
}

export class Deadlines {
  /** An array, not a Set: a Set with an addition and a deletion for each request leaves tables behind that keep what they held. */
  readonly #waiting: HasDeadline[] = [];
  #timer: NodeJS.Timeout | null = null;
  #due = Number.POSITIVE_INFINITY;

  set(owner: HasDeadline, milliseconds: number): void {
    const deadline = performance.now() + milliseconds;
    // An owner that is in the list already needs no new timer: the timer that is set sees its new deadline.
    if (owner.deadline === Number.POSITIVE_INFINITY) owner.slot = this.#waiting.push(owner) - 1;
    owner.deadline = deadline;
    if (deadline < this.#due) this.#arm(deadline);
  }

  remove(owner: HasDeadline): void {
    if (owner.deadline === Number.POSITIVE_INFINITY) return;
    owner.deadline = Number.POSITIVE_INFINITY;
    const last = this.#waiting.pop();
    if (last === undefined || last === owner) return;
    this.#waiting[owner.slot] = last;
    last.slot = owner.slot;
  }

  #arm(due: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#look(), Math.max(1, due - performance.now())).unref();
  }

  #look(): void {
    this.#timer = null;
    this.#due = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    const late: HasDeadline[] = [];
    for (const owner of this.#waiting) {
      if (owner.deadline > now) next = Math.min(next, owner.deadline);
      else late.push(owner);
    }
    for (const owner of late) {
      // The callback of another owner may have ended this one, or given it more time.
      if (owner.deadline > now) continue;
      this.remove(owner);
      guard(owner, () => owner.expired());
    }
    if (next < this.#due) this.#arm(next);
  }
}
