// Gives memory back. V8 keeps what it has taken until it needs more, and a quiet process never does: its garbage is collected once when a busy time
// is over. malloc keeps what is free between what is in use: it is given back in busy times, too. Nothing wakes a process for it that has nothing to do.

import { loadBareSockets } from './bare-sockets.ts';

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** Collects all garbage at once, in 20 to 40 ms; null: this Node was started without --expose-gc. */
export function garbageCollector(): (() => void) | null {
  const { gc } = globalThis as { gc?: Collect };
  return gc === undefined ? null : () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** A process that has used less of an interval than this share is quiet: who comes now does not mind 20 ms. */
const quietShare = 0.02;

export type AtInterval = 'give back' | 'wait' | 'rest';

/** Milliseconds. */
export interface Pace {
  /** From a visitor to the first look, and from look to look while there is much to do. */
  readonly interval: number;
  /** Processor time since garbage was last collected, after which it is worth those 20 ms. */
  readonly worth: number;
}

/** What to do at an interval's end. `used`, `spent`: milliseconds of processor time in the interval, and since garbage was last collected. */
export function atInterval(used: number, spent: number, { interval, worth }: Pace): AtInterval {
  if (used >= interval * quietShare) return 'wait';
  return spent >= worth ? 'give back' : 'rest';
}

/** Returns what to call when a client connects. Does nothing in a Node that was not started with --expose-gc. */
export function givesMemoryBack(pace: Pace, trim: () => void = trimMalloc): () => void {
  const collect = garbageCollector();
  let timer: NodeJS.Timeout | null = null;
  let gaveAt = 0;
  let before = 0;
  const begin = (): void => {
    before = processorMs();
    timer = setTimeout(end, pace.interval).unref();
  };
  const end = (): void => {
    timer = null;
    const now = processorMs();
    const next = atInterval(now - before, now - gaveAt, pace);
    if (next === 'rest') return;
    if (next === 'give back') collect?.();
    trim();
    if (next === 'wait') begin();
    else gaveAt = processorMs();
  };
  return () => {
    if (timer === null && collect !== null) begin();
  };
}

function trimMalloc(): void {
  loadBareSockets()?.trim();
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
