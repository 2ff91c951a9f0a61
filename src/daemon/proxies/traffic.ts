// What the sites were served, added up over all runs of the proxy workers. It is read in the workers' notes (protocol/note.ts) when
// somebody asks. A worker's counts are believed, if they are numbers: wrong ones can harm nothing but the sums.

import { closeSync, readSync } from 'node:fs';
import { countsIn, isBlank, noteSize } from '../../protocol/note.ts';
import { addRow, closeRow, describeRow, rowLength, type SiteTraffic } from '../../protocol/traffic.ts';

export interface Traffic {
  /**
   * A run of a worker begins. `note`: a descriptor of its note, which is closed at the end. `sites`: those it serves, in the order of
   * their numbers, and all there are from now on: others are forgotten. Returns a function to call when the run has ended.
   */
  open(note: number, sites: readonly string[]): () => void;
  /** The sums of these sites, in this order. Sites without requests are included. null: requests whose site was never known. */
  rows(sites: readonly (string | null)[]): Float64Array[];
  /** The same in names and numbers. */
  report(sites: readonly (string | null)[]): SiteTraffic[];
}

/** One run: the number of each site that it counts for. */
interface Counting {
  readonly note: number;
  readonly size: number;
  readonly numbers: Map<string | null, number>;
}

export function makeTraffic(): Traffic {
  const ended = new Map<string | null, Float64Array>();
  const running = new Set<Counting>();

  const rows = (sites: readonly (string | null)[]): Float64Array[] => {
    const notes = [...running].map(counting => ({ bytes: readNote(counting), numbers: counting.numbers }));
    return sites.map(site => {
      const sum = new Float64Array(rowLength);
      const before = ended.get(site);
      if (before !== undefined) addRow(sum, before);
      for (const { bytes, numbers } of notes) {
        const number = numbers.get(site);
        if (number !== undefined && !isBlank(bytes, number)) addRow(sum, countsIn(bytes, number));
      }
      return sum;
    });
  };

  const forget = (known: ReadonlySet<string | null>): void => {
    for (const rows of [ended, ...[...running].map(({ numbers }) => numbers)])
      for (const site of rows.keys()) if (!known.has(site)) rows.delete(site);
  };

  return {
    open(note, sites) {
      // Old workers still finish requests of sites that are gone.
      forget(new Set([null, ...sites]));
      const numbers = new Map<string | null, number>([null, ...sites].map((site, number) => [site, number]));
      const counting = { note, size: noteSize(sites.length), numbers };
      running.add(counting);
      return () => {
        if (!running.delete(counting)) return;
        const bytes = readNote(counting);
        closeSync(note);
        for (const [site, number] of numbers) {
          const row = countsIn(bytes, number);
          closeRow(row);
          const sum = ended.get(site) ?? new Float64Array(rowLength);
          addRow(sum, row);
          ended.set(site, sum);
        }
      };
    },
    rows,
    report(sites) {
      const all = rows(sites);
      return sites.map((site, i) => describeRow(site, all[i] ?? []));
    },
  };
}

/** A worker may have made the file shorter. */
function readNote({ note, size }: Counting): Buffer {
  const bytes = Buffer.alloc(size);
  return bytes.subarray(0, readSync(note, bytes, 0, size, 0));
}
