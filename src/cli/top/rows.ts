// The rows of hostctl top: two samples become a row for each program, with the numbers of its site where it has one. Pure.

import { processorShare, secondsBetween, siteRates } from '../../protocol/rates.ts';
import type { Sample } from '../../protocol/sample.ts';
import { isWell } from '../../protocol/well.ts';

export interface Row {
  readonly name: string;
  readonly app: string | null;
  readonly state: string;
  readonly isWell: boolean;
  readonly processes: number;
  /** Percent of one processor. null here and below: it is not known, or there is none. */
  readonly cpu: number | null;
  /** Bytes. */
  readonly memory: number | null;
  /** A second. */
  readonly requests: number | null;
  /** Milliseconds. */
  readonly p50: number | null;
  readonly p95: number | null;
  /** Answers of 5xx, a second. */
  readonly errors: number | null;
  /** Requests that wait for the app's answer. */
  readonly waiting: number | null;
  readonly restarts: number;
}

/** `before` null: there is no earlier sample, so no rates are known. */
export function rowsOf(before: Sample | null, after: Sample): Row[] {
  const seconds = before === null ? 0 : secondsBetween(before, after);
  const programs = new Map(before?.programs.map(program => [program.name, program]));
  const sitesBefore = new Map(before?.sites.map(site => [site.name, site]));
  const sites = new Map(after.sites.map(site => [site.name, site]));
  return after.programs.map(program => {
    const { name, app, state, processes, memory_bytes: memory, restarts } = program;
    const share = processorShare(programs.get(name), program, seconds);
    const site = app === name ? sites.get(name) : undefined;
    const rates = site === undefined ? null : siteRates(sitesBefore.get(name), site, seconds);
    return {
      name,
      app,
      state,
      isWell: isWell(program),
      processes,
      cpu: share === null ? null : 100 * share,
      memory,
      requests: rates?.requests ?? null,
      p50: rates?.p50 ?? null,
      p95: rates?.p95 ?? null,
      errors: rates?.errors ?? null,
      waiting: site?.waiting_requests ?? null,
      restarts,
    };
  });
}

export const orders = ['name', 'cpu', 'memory', 'requests', 'time', 'errors'] as const;

export type Order = (typeof orders)[number];

const values: Readonly<Record<Exclude<Order, 'name'>, (row: Row) => number | null>> = {
  cpu: row => row.cpu,
  memory: row => row.memory,
  requests: row => row.requests,
  time: row => row.p95,
  errors: row => row.errors,
};

/** Largest first; by name, and among equals, as `status` has them. */
export function inOrder(rows: readonly Row[], order: Order): readonly Row[] {
  if (order === 'name') return rows;
  const value = (row: Row) => values[order](row) ?? -1;
  return rows.toSorted((a, b) => {
    const [left, right] = [value(a), value(b)];
    return left === right ? 0 : right > left ? 1 : -1;
  });
}
