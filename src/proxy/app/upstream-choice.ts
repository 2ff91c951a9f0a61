// Which of several upstreams gets a request, and how long one that fails is left out. Pure: time is an argument.

/** How one upstream stands. */
export interface Standing {
  /** Requests that it has now. */
  readonly active: number;
  /** Failures since the last time that it was well. */
  readonly failures: number;
  /** While it has failures: when it may be tried again, in milliseconds. */
  readonly outUntil: number;
  /** Whether a request tries it out now. */
  readonly isTried: boolean;
  /** Whether it gives no good answer to the question for its health. Only a good answer ends this. */
  readonly isIll: boolean;
}

export const fresh: Standing = { active: 0, failures: 0, outUntil: 0, isTried: false, isIll: false };

export interface Choice {
  /** Milliseconds. */
  readonly now: number;
  /** Upstreams that the request has met in vain. */
  readonly tried: ReadonlySet<number> | null;
  /** Whether the request may try out one that has failed. */
  readonly mayTryOut: boolean;
  /** Among equals, the first at or after this place is taken. */
  readonly from: number;
}

/** Whether it gets requests as usual. */
export function isIn({ failures, isIll }: Standing): boolean {
  return failures === 0 && !isIll;
}

/**
 * The place of the upstream to ask; null: all have been tried. One whose time out is over is tried out by one request. Else the one
 * with the fewest requests is taken. Where all are left out, they are taken all the same, the one that comes back first before the others.
 */
export function choose(all: readonly Standing[], { now, tried, mayTryOut, from }: Choice): number | null {
  let best: number | null = null;
  let last: number | null = null;
  for (let step = 0; step < all.length; step++) {
    const place = (from + step) % all.length;
    const one = all[place];
    if (one === undefined || tried?.has(place) === true) continue;
    if (isIn(one)) {
      if (best === null || one.active < (all[best]?.active ?? 0)) best = place;
    } else {
      if (mayTryOut && !one.isIll && !one.isTried && one.outUntil <= now) return place;
      if (last === null || isSooner(one, all[last])) last = place;
    }
  }
  return best ?? last;
}

function isSooner(one: Standing, other: Standing | undefined): boolean {
  if (other === undefined || one.isIll !== other.isIll) return !one.isIll;
  return one.outUntil < other.outUntil;
}

/** After a failure: left out for `first` milliseconds, then for twice as long each time, for `most` at most. Failures that come while it is out count once. */
export function failed(one: Standing, now: number, first: number, most: number): Standing {
  if (one.failures > 0 && !one.isTried && now < one.outUntil) return one;
  const ms = Math.min(first * 2 ** Math.min(one.failures, 30), most);
  return { ...one, failures: one.failures + 1, outUntil: now + ms, isTried: false };
}

/** After an answer. */
export function answered(one: Standing): Standing {
  return one.failures === 0 && !one.isTried ? one : { ...one, failures: 0, outUntil: 0, isTried: false };
}
