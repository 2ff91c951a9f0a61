// The last minutes in numbers, for the lines on the pages. Made of samples that are taken while somebody is logged in, and forgotten
// when nobody is.

import type { Sample, SiteSample } from '../protocol/sample.ts';

/** Milliseconds between two samples, and how many points are kept: 20 minutes. */
export const intervalMs = 10_000;
export const mostPoints = 120;
/** Programs and sites that are kept. Those beyond have no lines. */
const mostNames = 500;

/** null: not known at that moment. */
export interface Point {
  readonly memory: number | null;
  /** Processors: 1 is one whole processor. */
  readonly cpu: number | null;
  /** Requests a second, the mean time of their answers in milliseconds, and answers of 5xx a second. */
  readonly requests: number | null;
  readonly ms: number | null;
  readonly failures: number | null;
}

const nothing: Point = { memory: null, cpu: null, requests: null, ms: null, failures: null };

export class History {
  #points = new Map<string, Point[]>();
  #before: Sample | null = null;

  add(sample: Sample): void {
    const before = this.#before;
    this.#before = sample;
    const seconds = before === null ? 0 : sample.clock - before.clock;
    // Another hostd counts from the beginning.
    const isFollowing = before !== null && seconds > 0 && before.hostd.pid === sample.hostd.pid;
    const sites = new Map(sample.sites.map(site => [site.name, site]));
    const sitesBefore = new Map(isFollowing ? before.sites.map(site => [site.name, site]) : []);
    const programsBefore = new Map(
      isFollowing ? before.programs.map(program => [program.name, program]) : [],
    );
    const points = new Map<string, Point[]>();
    for (const program of sample.programs.slice(0, mostNames)) {
      const { name, memory_bytes: memory, cpu_seconds: cpu } = program;
      const earlier = programsBefore.get(name);
      const isSameRun = earlier?.pid === program.pid && cpu !== null && earlier?.cpu_seconds != null;
      const point: Point = {
        ...nothing,
        memory,
        cpu: isSameRun ? Math.max(0, cpu - (earlier?.cpu_seconds ?? 0)) / seconds : null,
        ...traffic(program.app === name ? sites.get(name) : undefined, sitesBefore.get(name), seconds),
      };
      points.set(name, [...(this.#points.get(name) ?? []), point].slice(-mostPoints));
    }
    this.#points = points;
  }

  /** The oldest first. */
  of(name: string): readonly Point[] {
    return this.#points.get(name) ?? [];
  }

  clear(): void {
    this.#points.clear();
    this.#before = null;
  }
}

function traffic(
  now: SiteSample | undefined,
  before: SiteSample | undefined,
  seconds: number,
): Partial<Point> {
  if (now === undefined || before === undefined || now.requests < before.requests) return {};
  const count = now.latency_ms.count - before.latency_ms.count;
  return {
    requests: (now.requests - before.requests) / seconds,
    ms: count > 0 ? (now.latency_ms.sum - before.latency_ms.sum) / count : null,
    failures: Math.max(0, (now.statuses['5xx'] ?? 0) - (before.statuses['5xx'] ?? 0)) / seconds,
  };
}
