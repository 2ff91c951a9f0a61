// Memory that a proxy worker shares with hostd: which site it works for now, how many requests wait for each app's answer, what each
// site was served, and how its upstreams stand. The worker writes plain numbers, and hostd reads them when it is asked. Neither waits for the other, and a
// worker that is killed takes nothing with it.
//
//   byte 0           number of the site that is worked for; 0: none
//   byte 64 + 8 i    of site i (from 0): requests that wait for the app's answer, and since when the oldest does (Unix seconds)
//   byte 4096 + r n  the counters of site number n (from 1), a row of r bytes (traffic.ts); n = 0: of requests whose site was never known
//   behind the rows  of each site, in the order of their numbers, a byte for each upstream that it may have: why it is left out; 0: it is not
//
// The first page has unsigned 32-bit numbers, the rows have 64-bit floating point numbers, as this machine orders their bytes.

import { mostUpstreams } from '../model/upstreams.ts';
import { readRow, rowLength } from './traffic.ts';
import { type UpstreamFault, upstreamFaults } from './worker.ts';

/** Bytes before the rows. */
export const notePage = 4096;

const rowBytes = rowLength * Float64Array.BYTES_PER_ELEMENT;

/** Bytes of the whole note, for so many sites. */
export function noteSize(sites: number): number {
  return Math.ceil(standingsPlace(sites, sites + 1) / notePage) * notePage;
}

/** The row of a site by its number from 1, in the note's memory; 0: of requests whose site was never known. */
export function rowIn(memory: ArrayBuffer, number: number): Float64Array {
  return new Float64Array(memory, notePage + number * rowBytes, rowLength);
}

/** A copy of that row in the bytes of a note, as counts. A worker may have written anything, and the note may be too short. */
export function countsIn(note: Buffer, number: number): Float64Array {
  const row = new Float64Array(rowLength);
  const at = notePage + number * rowBytes;
  new Uint8Array(row.buffer).set(note.subarray(at, at + rowBytes));
  return readRow(row);
}

const blank = Buffer.alloc(rowBytes);

/** Whether nothing was ever counted in that row: most sites have no visitors most of the time. */
export function isBlank(note: Buffer, number: number): boolean {
  const at = notePage + number * rowBytes;
  return at + rowBytes <= note.length && blank.compare(note, at, at + rowBytes) === 0;
}

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

const faultNames = Object.keys(upstreamFaults) as readonly UpstreamFault[];

/** How a site's upstreams stand, in the order of the configuration: why each is left out; null: it is not. */
export type Standings = readonly (UpstreamFault | null)[];

/** The first byte of a site's standings, of which there are `mostUpstreams`. `number`: the site's, from 1. */
export function standingsPlace(sites: number, number: number): number {
  return notePage + (sites + 1) * rowBytes + (number - 1) * mostUpstreams;
}

/** `bytes`: of one site. */
export function writeStandings(bytes: Uint8Array, standings: Standings): void {
  for (const [place, fault] of standings.entries())
    bytes[place] = fault === null ? 0 : faultNames.indexOf(fault) + 1;
}

/** A worker may have written anything: what is no fault is none. */
export function readStandings(bytes: Uint8Array): Standings {
  return Array.from(bytes, code => faultNames[code - 1] ?? null);
}
