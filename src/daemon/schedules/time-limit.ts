// The time_limit of a scheduled program: a run that takes longer is ended. By the clock that nobody sets.

import type { Loop } from '../fleet/loop.ts';
import type { Unit } from '../fleet/unit.ts';
import type { Logger } from '../own/log.ts';
import { setLongTimeout } from '../own/long-timeout.ts';

export class TimeLimit {
  readonly #loop: Loop;
  readonly #log: Logger;
  /** The run and the seconds that the timer is for. */
  #of: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** Whether the run has taken too long. Its end is still to come; who has seen it sets this back. */
  isPast = false;

  constructor(loop: Loop, log: Logger) {
    this.#loop = loop;
    this.#log = log;
  }

  /** To be called after each change of the unit. `seconds`: null: its runs may take as long as they like. */
  follow({ id, program, state, upSince }: Unit, seconds: number | null): void {
    const of = state.kind === 'running' && seconds !== null ? `${state.run} ${seconds}` : null;
    if (of === this.#of) return;
    this.end();
    if (of === null || seconds === null) return;
    const spent = upSince === null ? 0 : performance.now() - upSince;
    const { name } = program;
    const { run } = state;
    const pass = () => {
      this.isPast = true;
      this.#log.error({ program: name }, `${name} has run for longer than its time_limit of ${seconds} s`);
      this.#loop.post(name, { kind: 'process', generation: id, news: { kind: 'overdue', run } });
    };
    this.#of = of;
    this.#timer = setLongTimeout(pass, Math.max(0, seconds * 1000 - spent));
  }

  /** Nobody is to be ended. */
  end(): void {
    clearTimeout(this.#timer);
    this.#of = null;
  }
}
