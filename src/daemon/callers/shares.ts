// How much of hostd its callers may hold at once: a share for each user, and one for all users but root. Root is never kept out
// by others. Only counts: knows nothing of what is counted.

export interface Bounds {
  readonly each: number;
  readonly all: number;
}

/** Whose share is full: the caller's own, or that of all. */
export type Full = 'each' | 'all';

export interface Shares {
  /** Takes a share. Returns a function that gives it back, once; or whose share is full. */
  take(uid: number): (() => void) | Full;
}

export function makeShares({ each, all }: Bounds): Shares {
  const held = new Map<number, number>();
  let sum = 0;
  return {
    take(uid) {
      if (uid === 0) return () => {};
      const own = held.get(uid) ?? 0;
      if (own >= each) return 'each';
      if (sum >= all) return 'all';
      held.set(uid, own + 1);
      sum += 1;
      let given = false;
      return () => {
        if (given) return;
        given = true;
        sum -= 1;
        const left = (held.get(uid) ?? 1) - 1;
        if (left === 0) held.delete(uid);
        else held.set(uid, left);
      };
    },
  };
}
