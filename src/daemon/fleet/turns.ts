// Pieces of work that take milliseconds each (a fork of hostd does), one after the other, with a turn of the event loop in
// between. A hundred programs that crash at once then do not delay an answer to the status.

export interface Turns {
  /** Does the work now and returns null. If other work waits or was just done, it queues the work, and returns a function that removes it. */
  take(work: () => void): (() => void) | null;
}

export function makeTurns(): Turns {
  const waiting: (() => void)[] = [];
  let busy = false;
  const next = () => {
    const work = waiting.shift();
    busy = work !== undefined;
    if (work === undefined) return;
    setImmediate(next);
    work();
  };
  return {
    take(work) {
      waiting.push(work);
      if (!busy) {
        next();
        return null;
      }
      return () => {
        const place = waiting.indexOf(work);
        if (place >= 0) waiting.splice(place, 1);
      };
    },
  };
}
