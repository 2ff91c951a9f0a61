// Many deadlines by one timer, which is set to the earliest: a connection that moves its deadline with each byte costs an
// assignment, not a timer. Late by a few milliseconds, never early.

import { type Bearer, guard } from './guard.ts';

export interface HasDeadline extends Bearer {
  /** performance.now() milliseconds; Infinity: none. Written by Deadlines alone. */
  deadline: number;
  /** Its place among those that are waited for. Written by Deadlines alone. */
  slot: number;
  /** Called once when it has passed; it is then no longer waited for. */
  expired(): void;
}

export class Deadlines {
  /** An array, not a Set: a Set that is added to and deleted from for each request leaves tables behind that keep what they held. */
  readonly #waiting: HasDeadline[] = [];
  #timer: NodeJS.Timeout | null = null;
  #due = Number.POSITIVE_INFINITY;

  set(owner: HasDeadline, milliseconds: number): void {
    const deadline = performance.now() + milliseconds;
    // One that was waited for already is found by the timer that is set, which then sees its new deadline.
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
      // Another's end may have been its own, or have given it more time.
      if (owner.deadline > now) continue;
      this.remove(owner);
      guard(owner, () => owner.expired());
    }
    if (next < this.#due) this.#arm(next);
  }
}
