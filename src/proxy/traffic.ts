// Counts what each site is served, in rows of numbers (protocol/traffic.ts): a few additions a request. Knows nothing of
// who is told.

import { at, bucketOf, rowLength, statusesApart } from '../protocol/traffic.ts';
import type { Fact } from '../protocol/worker.ts';

/** When an app did what for a request. Times are performance.now()'s, 0 for what did not happen. */
export interface AppTimes {
  /** Milliseconds of waiting for a connection to it. */
  readonly queuedMs: number;
  /** It was given the request; */
  readonly askedAt: number;
  /** had answered with a header; */
  readonly answeredAt: number;
  /** its answer was over, or given up (only for a log that says so). */
  readonly endedAt: number;
}

/** What is known of a request when its answer has ended. */
export interface Ended {
  /** As the access log has it. */
  readonly loggedStatus: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Times of performance.now(): its header was complete, and its answer was over. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** null: no app was to answer it. */
  readonly app: AppTimes | null;
}

export class SiteTraffic {
  readonly #site: string | null;
  readonly #row = new Float64Array(rowLength);
  /** Whether it differs from what was told last. */
  changed = false;

  constructor(site: string | null) {
    this.#site = site;
  }

  begin(): void {
    this.#add(at.open, 1);
    this.changed = true;
  }

  /** A request that has begun has become a tunnel. */
  beginTunnel(): void {
    this.#add(at.open, -1);
    this.#add(at.tunnels, 1);
    this.changed = true;
  }

  /** Of a request that has begun, or become a tunnel. */
  end(ended: Ended): void {
    this.#add(ended.loggedStatus === 101 ? at.tunnels : at.open, -1);
    this.count(ended);
  }

  /** Of a request that has not. */
  count(ended: Ended): void {
    this.countStatus(ended.loggedStatus, ended.sentBytes);
    this.#add(at.received, ended.receivedBytes);
    const { app, startedAt, endedAt } = ended;
    if (ended.loggedStatus !== 101) this.#time(at.latency, at.latencySum, endedAt - startedAt);
    if (app === null) return;
    if (app.answeredAt !== 0) this.#time(at.firstByte, at.firstByteSum, app.answeredAt - app.askedAt);
    if (app.queuedMs > 0) this.#queued(app.queuedMs);
  }

  /** Of one that was never read to the end of its header. */
  countStatus(status: number, sentBytes: number): void {
    this.#add(at.requests, 1);
    this.#add(at.sent, sentBytes);
    // An app may answer with 600 and more.
    this.#add(at.classes + Math.min(Math.floor(status / 100), 5) - 1, 1);
    if (status >= 499) {
      const apart = statusesApart.indexOf(status as (typeof statusesApart)[number]);
      if (apart !== -1) this.#add(at.apart + apart, 1);
    }
    this.changed = true;
  }

  /** Root takes whole numbers. */
  fact(): Fact {
    return { kind: 'traffic', site: this.#site, counts: Array.from(this.#row, Math.round) };
  }

  #queued(ms: number): void {
    this.#add(at.waited, 1);
    this.#add(at.waitedSum, ms);
    this.#row[at.waitedMax] = Math.max(this.#row[at.waitedMax] ?? 0, ms);
  }

  #time(histogram: number, sum: number, ms: number): void {
    this.#add(histogram + bucketOf(ms), 1);
    this.#add(sum, ms);
  }

  #add(place: number, number: number): void {
    this.#row[place] = (this.#row[place] ?? 0) + number;
  }
}

export class Traffic {
  /** Requests that are refused before their site is known. */
  readonly nameless = new SiteTraffic(null);
  readonly #sites: ReadonlyMap<string, SiteTraffic>;

  constructor(names: readonly string[]) {
    this.#sites = new Map(names.map(name => [name, new SiteTraffic(name)]));
  }

  /** A request of this site begins. */
  begin(name: string): SiteTraffic | null {
    const site = this.#sites.get(name) ?? null;
    site?.begin();
    return site;
  }

  /** A line for each site that differs from what was told last. */
  news(): Fact[] {
    return [this.nameless, ...this.#sites.values()].filter(site => site.changed).map(site => site.fact());
  }

  told(): void {
    this.nameless.changed = false;
    for (const site of this.#sites.values()) site.changed = false;
  }
}
