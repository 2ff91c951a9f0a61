// Random numbers that a seed repeats.

/** mulberry32: small, and the same everywhere. Returns whole numbers from 0 to below `below`. */
export function randomFrom(start: number): (below: number) => number {
  let state = start;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}
