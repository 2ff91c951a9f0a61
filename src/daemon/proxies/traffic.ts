// What the sites were served, added up over all runs of the proxy workers. A worker's counts are believed, if they are numbers:
// wrong ones can harm nothing but the sums.

import { addRow, closeRow, describeRow, rowLength, type SiteTraffic } from '../../protocol/traffic.ts';

/** By site name; null: requests whose site was never known. */
type Rows = Map<string | null, Float64Array>;

/** One run of a worker. */
export interface Teller {
  /** A site's counters since the worker's start. */
  tell(site: string | null, counts: readonly number[]): void;
  /** The run will say no more. Its last counts stay in the sums. */
  end(): void;
}

export interface Traffic {
  /** For a run that is about to start. `sites`: all sites from now on. Others are forgotten. */
  open(sites: readonly string[]): Teller;
  /** The sums of these sites, in this order. Sites without requests are included. */
  report(sites: readonly (string | null)[]): SiteTraffic[];
}

export function makeTraffic(): Traffic {
  const ended: Rows = new Map();
  const running = new Set<Rows>();
  let known: ReadonlySet<string | null> = new Set([null]);

  const forget = (): void => {
    for (const rows of [ended, ...running])
      for (const site of rows.keys()) if (!known.has(site)) rows.delete(site);
  };

  return {
    open(sites) {
      known = new Set([null, ...sites]);
      forget();
      const rows: Rows = new Map();
      return {
        tell(site, counts) {
          // Old workers still finish requests of sites that are gone.
          if (!known.has(site)) return;
          running.add(rows);
          rowOf(rows, site).set(counts);
        },
        end() {
          running.delete(rows);
          for (const [site, row] of rows) {
            closeRow(row);
            addRow(rowOf(ended, site), row);
          }
          rows.clear();
        },
      };
    },
    report: sites =>
      sites.map(site => {
        const sum = new Float64Array(rowLength);
        for (const rows of [ended, ...running]) {
          const row = rows.get(site);
          if (row !== undefined) addRow(sum, row);
        }
        return describeRow(site, sum);
      }),
  };
}

function rowOf(rows: Rows, site: string | null): Float64Array {
  const found = rows.get(site);
  if (found !== undefined) return found;
  const row = new Float64Array(rowLength);
  rows.set(site, row);
  return row;
}
