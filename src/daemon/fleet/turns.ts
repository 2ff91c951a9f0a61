// Pieces of work that take milliseconds each (a fork of hostd does), few in each turn of the event loop. A hundred programs that crash
// at once then do not delay an answer to the status.

export interface Turns {
  /** Does the work now and returns null. If other work waits, or enough was just done, it queues the work, and returns a function that removes it. */
  take(work: () => void): (() => void) | null;
}

/** `most`: milliseconds of a turn in which work is begun. 0: one piece in each turn. */
export function makeTurns(most = 0): Turns {
  const waiting: (() => void)[] = [];
  /** When the first piece of this turn was begun. */
  let begun: number | null = null;
  const isRoom = () => begun === null || performance.now() - begun < most;
  const act = (work: () => void) => {
    if (begun === null) setImmediate(next);
    begun ??= performance.now();
    work();
  };
  const next = () => {
    begun = null;
    while (isRoom()) {
      const work = waiting.shift();
      if (work === undefined) return;
      act(work);
    }
  };
  return {
    take(work) {
      if (waiting.length === 0 && isRoom()) {
        act(work);
        return null;
      }
      waiting.push(work);
      return () => {
        const place = waiting.indexOf(work);
        if (place >= 0) waiting.splice(place, 1);
      };
    },
  };
}
