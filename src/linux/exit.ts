// How a child has ended, with its signal by name (wait(2), signal(7)).

import { constants } from 'node:os';
import type { Ended } from '../native/index.ts';

const names = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** Both are null where it is not known, because the process was no child of this one. */
export interface Exit {
  readonly code: number | null;
  /** "SIGKILL", or "signal 40" for a signal without a name. */
  readonly signal: string | null;
}

/** `ended`: the result of native.reap(). */
export function exitOf(ended: Ended | null): Exit {
  const signal = ended?.signal == null ? null : (names.get(ended.signal) ?? `signal ${ended.signal}`);
  return { code: ended?.code ?? null, signal };
}
