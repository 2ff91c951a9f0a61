// How a child has ended, with its signal by name (wait(2), signal(7)).

import type { Ended } from '../native/index.ts';
import { nameOfSignal } from './signals.ts';

/** Both are null where it is not known, because the process was no child of this one. */
export interface Exit {
  readonly code: number | null;
  /** "SIGKILL", or "signal 40" for a signal without a name. */
  readonly signal: string | null;
  /** The signal has left a core dump. */
  readonly dumped?: true;
}

/** `ended`: the result of native.reap(). */
export function exitOf(ended: Ended | null): Exit {
  const signal = ended?.signal == null ? null : nameOfSignal(ended.signal);
  return { code: ended?.code ?? null, signal, ...(ended?.dumped ? { dumped: true } : {}) };
}
