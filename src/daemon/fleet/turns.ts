// Work that takes milliseconds each (a fork of hostd does), done one piece after the other with a turn of the event loop in
// between, so that a hundred programs that crash at once keep nobody waiting who asks for the status.

export interface Turns {
  /** Does the work now or, when others wait or were just done, in its turn: then returns what takes it back. */
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
