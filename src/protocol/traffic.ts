// What one site was served, in numbers: a row of counters as a worker counts them (note.ts), and the names of the counters. Knows
// nothing of the code that counts or adds up.

/** Upper bounds of a histogram's buckets in milliseconds, inclusive. One more bucket takes what is beyond. */
export const boundsMs = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

const buckets = boundsMs.length + 1;

/** Statuses that are counted separately, besides in their class. */
export const statusesApart = [499, 502, 503, 504] as const;

/** The index of each number in a row, or of the first of several. */
export const at = {
  /** Requests whose answer has ended, in whatever way. */
  requests: 0,
  /** Requests whose answer has not ended. */
  open: 1,
  tunnels: 2,
  /** Bytes. */
  received: 3,
  sent: 4,
  /** 1xx to 5xx. */
  classes: 5,
  apart: 10,
  latency: 14,
  latencySum: 14 + buckets,
  firstByte: 15 + buckets,
  firstByteSum: 15 + 2 * buckets,
  /** Requests that had to wait for a connection to the app, and how long. */
  waited: 16 + 2 * buckets,
  waitedSum: 17 + 2 * buckets,
  waitedMax: 18 + 2 * buckets,
} as const;

export const rowLength = at.waitedMax + 1;

/** The index of the bucket for this time, counted from the histogram's first bucket. */
export function bucketOf(ms: number): number {
  let bucket = 0;
  while (bucket < boundsMs.length && ms > (boundsMs[bucket] ?? 0)) bucket++;
  return bucket;
}

/** Makes numbers that a worker has written whole counts: what is none is 0. Returns the same row. */
export function readRow(row: Float64Array): Float64Array {
  for (let i = 0; i < row.length; i++) {
    const value = row[i] ?? 0;
    row[i] = value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.round(value) : 0;
  }
  return row;
}

/** Adds one row to another. */
export function addRow(to: Float64Array, row: Float64Array): void {
  const max = Math.max(to[at.waitedMax] ?? 0, row[at.waitedMax] ?? 0);
  for (let i = 0; i < rowLength; i++) to[i] = (to[i] ?? 0) + (row[i] ?? 0);
  to[at.waitedMax] = max;
}

/** The row of a worker that has ended: it has nothing open any more. */
export function closeRow(row: Float64Array): void {
  row[at.open] = 0;
  row[at.tunnels] = 0;
}

/** A site in `GET /v1/sites`. Every number but the two open ones only grows, until hostd itself starts anew. */
export interface SiteTraffic {
  /** null: requests that were refused before their site was known. */
  readonly name: string | null;
  /** Requests that were answered, refused or given up. Open ones are not among them. */
  readonly requests: number;
  readonly open_requests: number;
  /** WebSockets. */
  readonly open_tunnels: number;
  /** Bytes of request bodies and of answers' bodies, as they came and went; a tunnel's bytes when it ends. */
  readonly received_bytes: number;
  readonly sent_bytes: number;
  /** By class ("1xx" to "5xx"), and separately 499 (the client went away), 502, 503 and 504. */
  readonly statuses: Readonly<Record<string, number>>;
  /** From the complete request header to the end of the answer; tunnels are left out. */
  readonly latency_ms: Histogram;
  /** From the connection to the app to the end of its answer's header. */
  readonly first_byte_ms: Histogram;
  /** Requests that did not get a connection to the app at once: how many, and how long they waited. */
  readonly queue_ms: { readonly count: number; readonly sum: number; readonly max: number };
}

export interface Histogram {
  readonly count: number;
  readonly sum: number;
  /** How many were in each bucket alone, by its upper bound in milliseconds. The last is "+inf". */
  readonly buckets: Readonly<Record<string, number>>;
}

const classNames = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** The row as names and numbers. What it lacks is 0. */
export function describeRow(name: string | null, row: ArrayLike<number>): SiteTraffic {
  const value = (place: number): number => row[place] ?? 0;
  const statuses: Record<string, number> = {};
  for (const [i, status] of classNames.entries()) statuses[status] = value(at.classes + i);
  for (const [i, status] of statusesApart.entries()) statuses[status] = value(at.apart + i);
  return {
    name,
    requests: value(at.requests),
    open_requests: value(at.open),
    open_tunnels: value(at.tunnels),
    received_bytes: value(at.received),
    sent_bytes: value(at.sent),
    statuses,
    latency_ms: histogram(row, at.latency),
    first_byte_ms: histogram(row, at.firstByte),
    queue_ms: { count: value(at.waited), sum: value(at.waitedSum), max: value(at.waitedMax) },
  };
}

const boundNames: readonly string[] = [...boundsMs.map(String), '+inf'];

/** The sum of a histogram follows its buckets in the row. */
function histogram(row: ArrayLike<number>, first: number): Histogram {
  const found: Record<string, number> = {};
  let all = 0;
  for (const [i, name] of boundNames.entries()) {
    const count = row[first + i] ?? 0;
    found[name] = count;
    all += count;
  }
  return { count: all, sum: row[first + buckets] ?? 0, buckets: found };
}
