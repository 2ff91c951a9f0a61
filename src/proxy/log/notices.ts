// Says that a bound was reached: at once the first time, then no more than once in `everyMs`, with how often that was. Knows no bound.

import type { Bound } from '../../protocol/worker.ts';
import type { ErrorLog } from './error-log.ts';

/** Milliseconds between two lines of one kind. */
const everyMs = 10_000;

export class Notices {
  readonly #errorLog: ErrorLog;
  readonly #tell: (bound: Bound) => void;
  readonly #said = new Map<string, { at: number; since: number }>();

  /** `tell` is told of each line, too. */
  constructor(errorLog: ErrorLog, tell: (bound: Bound) => void = () => {}) {
    this.#errorLog = errorLog;
    this.#tell = tell;
  }

  /** `cause`: a kind of notice, with its own interval. There are few. */
  say(bound: Bound, cause: string): void {
    const now = performance.now();
    const before = this.#said.get(cause);
    if (before !== undefined && now - before.at < everyMs) {
      before.since++;
      return;
    }
    const times =
      before === undefined || before.since === 0 ? '' : ` (and ${before.since} times before that)`;
    this.#said.set(cause, { at: now, since: 0 });
    this.#errorLog({ level: 'warn', cause: cause + times });
    this.#tell(bound);
  }
}
