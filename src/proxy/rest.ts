// Gives memory back. V8 keeps what it has taken until it needs more, and a quiet worker never does: it collects once when a busy time is over.
// malloc keeps what is free between what is in use: it is given back in busy times, too. Nothing wakes a worker for it that has nothing to do.

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** A worker that has used less of an interval than this share is quiet: who comes now does not mind 20 ms. */
const quietShare = 0.02;
/** Milliseconds of processor time since the last time, after which giving back is worth those 20 ms. */
const worthMs = 1000;

export type AtInterval = 'give back' | 'wait' | 'rest';

/** What to do at an interval's end. All in milliseconds: processor time in the interval, the same since memory was given back, its length. */
export function atInterval(used: number, spent: number, interval: number): AtInterval {
  if (used >= interval * quietShare) return 'wait';
  return spent >= worthMs ? 'give back' : 'rest';
}

/**
 * Returns what to call when a client connects. `interval`: milliseconds. `trim` gives back what malloc has free, in a millisecond. Does nothing in
 * a Node that was not started with --expose-gc.
 */
export function makeRest(interval: number, trim: () => void): () => void {
  const { gc } = globalThis as { gc?: Collect };
  let timer: NodeJS.Timeout | null = null;
  let gaveAt = processorMs();
  let before = gaveAt;
  const begin = (): void => {
    before = processorMs();
    timer = setTimeout(end, interval).unref();
  };
  const end = (): void => {
    timer = null;
    const now = processorMs();
    const next = atInterval(now - before, now - gaveAt, interval);
    if (next === 'rest') return;
    if (next === 'give back') gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    trim();
    if (next === 'wait') begin();
    else gaveAt = processorMs();
  };
  return () => {
    if (timer === null && gc !== undefined) begin();
  };
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
