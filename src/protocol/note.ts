// A page of memory that a proxy worker shares with hostd: which site it works for now, and how many requests wait for each app's
// answer. The worker writes plain numbers, and hostd reads them when it is asked. Neither waits for the other.
//
//   byte 0         number of the site that is worked for; 0: none
//   byte 64 + 8 i  of site i (from 0): requests that wait for the app's answer, and since when the oldest does (Unix seconds)
//
// All are unsigned 32-bit numbers, little-endian.

/** Bytes. */
export const notePage = 4096;

const firstPending = 64;
const pendingBytes = 8;

/** Sites that have a place. For other sites it is not known how many requests wait. */
export const mostNoted = (notePage - firstPending) / pendingBytes;

/** Index of a site's two numbers, in 32-bit words. `number`: the site's, from 1. null: it has no place. */
export function pendingPlace(number: number): number | null {
  return number >= 1 && number <= mostNoted ? (firstPending + (number - 1) * pendingBytes) / 4 : null;
}

/** Requests that wait for an app's answer. */
export interface Pending {
  readonly requests: number;
  /** Start of the oldest: Unix time in seconds; 0: there is none. */
  readonly since: number;
}

/** The page's numbers for these sites, in their order. A worker may have written anything. */
export function readPending(page: Buffer, sites: readonly string[]): ReadonlyMap<string, Pending> {
  const found = new Map<string, Pending>();
  for (const [index, site] of sites.slice(0, mostNoted).entries()) {
    const at = firstPending + index * pendingBytes;
    if (at + pendingBytes > page.length) break;
    found.set(site, { requests: page.readUInt32LE(at), since: page.readUInt32LE(at + 4) });
  }
  return found;
}
