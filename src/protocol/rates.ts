// What happened between two samples: shares of processors, requests a second, times of answers. Pure.

import type { ProgramSample, Sample, SiteSample } from './sample.ts';
import { boundsMs, type Histogram } from './traffic.ts';

export interface SiteRates {
  /** A second. */
  readonly requests: number;
  /** Of 5xx, a second. */
  readonly errors: number;
  /** Bytes a second. */
  readonly received: number;
  readonly sent: number;
  /** Milliseconds within which half of the answers, and 95 of 100, were over; Infinity: longer than is counted. null: there was none. */
  readonly p50: number | null;
  readonly p95: number | null;
}

/** Seconds between two samples; 0: they are not of the same hostd, or not in this order. */
export function secondsBetween(before: Sample, after: Sample): number {
  return before.hostd.pid === after.hostd.pid && before.hostd.started === after.hostd.started
    ? Math.max(0, after.clock - before.clock)
    : 0;
}

/** Processors that a program has kept busy, on average: 1 is one of them all the time. null: it is not known. */
export function processorShare(
  before: ProgramSample | undefined,
  after: ProgramSample,
  seconds: number,
): number | null {
  const used = after.cpu_seconds;
  if (used === null || before === undefined || seconds <= 0) return null;
  // Another run has begun at nothing.
  const isSame = before.pid === after.pid && before.cpu_seconds !== null;
  return Math.max(0, used - (isSame ? (before.cpu_seconds ?? 0) : 0)) / seconds;
}

/** null: there is nothing to compare with. */
export function siteRates(
  before: SiteSample | undefined,
  after: SiteSample,
  seconds: number,
): SiteRates | null {
  if (before === undefined || seconds <= 0) return null;
  const rate = (of: (site: SiteSample) => number) => grown(of(before), of(after)) / seconds;
  const latency = grownHistogram(before.latency_ms, after.latency_ms);
  return {
    requests: rate(site => site.requests),
    errors: rate(site => site.statuses['5xx'] ?? 0),
    received: rate(site => site.received_bytes),
    sent: rate(site => site.sent_bytes),
    p50: quantile(latency, 0.5),
    p95: quantile(latency, 0.95),
  };
}

/** Milliseconds below which so many of these times lie, as exactly as the buckets tell. null: there are none. */
export function quantile({ buckets }: Pick<Histogram, 'buckets'>, share: number): number | null {
  const counts = [...boundsMs.map(String), '+inf'].map(bound => buckets[bound] ?? 0);
  const wanted = share * counts.reduce((sum, count) => sum + count, 0);
  if (wanted <= 0) return null;
  let below = 0;
  for (const [index, count] of counts.entries()) {
    const upper = boundsMs[index];
    if (below + count >= wanted && count > 0) {
      if (upper === undefined) return Number.POSITIVE_INFINITY;
      const lower = boundsMs[index - 1] ?? 0;
      return lower + ((upper - lower) * (wanted - below)) / count;
    }
    below += count;
  }
  return null;
}

/** A counter that has become smaller has begun anew. */
function grown(before: number, after: number): number {
  return after >= before ? after - before : after;
}

function grownHistogram(before: Histogram, after: Histogram): Pick<Histogram, 'buckets'> {
  if (after.count < before.count) return after;
  return {
    buckets: Object.fromEntries(
      Object.entries(after.buckets).map(([bound, count]) => [
        bound,
        Math.max(0, count - (before.buckets[bound] ?? 0)),
      ]),
    ),
  };
}
