// A page of memory that a proxy worker shares with hostd: for which site it works at this moment, and what waits for each app's
// answer. The worker writes plain numbers, hostd reads them when somebody asks; neither waits for the other.
//
//   byte 0         number of the site that is worked for; 0: none
//   byte 64 + 8 i  of site i (from 0): requests that wait for the app's answer, and since when the oldest does (Unix seconds)
//
// All are unsigned 32-bit numbers, little-endian.

/** Bytes. */
export const notePage = 4096;

const firstPending = 64;
const pendingBytes = 8;

/** Sites that have a place; what waits for the others is not told. */
export const mostNoted = (notePage - firstPending) / pendingBytes;

/** Where the two numbers of a site stand, counted in 32-bit words. `number`: the site's, from 1. null: it has no place. */
export function pendingPlace(number: number): number | null {
  return number >= 1 && number <= mostNoted ? (firstPending + (number - 1) * pendingBytes) / 4 : null;
}

/** Requests that wait for an app's answer. */
export interface Pending {
  readonly requests: number;
  /** Unix time in seconds; 0: there is none. */
  readonly since: number;
}

/** What a page says of these sites, in their order. A worker may have written anything. */
export function readPending(page: Buffer, sites: readonly string[]): ReadonlyMap<string, Pending> {
  const found = new Map<string, Pending>();
  for (const [index, site] of sites.slice(0, mostNoted).entries()) {
    const at = firstPending + index * pendingBytes;
    if (at + pendingBytes > page.length) break;
    found.set(site, { requests: page.readUInt32LE(at), since: page.readUInt32LE(at + 4) });
  }
  return found;
}
