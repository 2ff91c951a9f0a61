// Counts what each site is served, in rows of numbers (protocol/traffic.ts): a few additions a request. Knows nothing of
// who reads the counts.

import { rowIn } from '../protocol/note.ts';
import { at, bucketOf, statusesApart } from '../protocol/traffic.ts';

/** When the app did its part of a request. Times are performance.now()'s; 0: it did not happen. */
export interface AppTimes {
  /** Milliseconds that the request waited for a connection to the app. */
  readonly queuedMs: number;
  /** The app was given the request. */
  readonly askedAt: number;
  /** The app's header had come. */
  readonly answeredAt: number;
  /** The app's answer was over, or given up. Kept only for a log that has it. */
  readonly endedAt: number;
}

/** A request whose answer has ended. */
export interface Ended {
  /** The status in the access log. */
  readonly loggedStatus: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** performance.now() when the request's header was complete, and when its answer was over. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** null: no app was asked. */
  readonly app: AppTimes | null;
}

export class SiteTraffic {
  readonly #row: Float64Array;

  constructor(row: Float64Array) {
    this.#row = row;
  }

  begin(): void {
    this.#add(at.open, 1);
  }

  /** A request that has begun (Traffic.begin) becomes a tunnel. */
  beginTunnel(): void {
    this.#add(at.open, -1);
    this.#add(at.tunnels, 1);
  }

  /** A request that has begun, or its tunnel, has ended. */
  end(ended: Ended): void {
    this.#add(ended.loggedStatus === 101 ? at.tunnels : at.open, -1);
    this.count(ended);
  }

  /** Counts a request that never was among the begun ones. */
  count(ended: Ended): void {
    this.countStatus(ended.loggedStatus, ended.sentBytes);
    this.#add(at.received, ended.receivedBytes);
    const { app, startedAt, endedAt } = ended;
    if (ended.loggedStatus !== 101) this.#time(at.latency, at.latencySum, endedAt - startedAt);
    if (app === null) return;
    if (app.answeredAt !== 0) this.#time(at.firstByte, at.firstByteSum, app.answeredAt - app.askedAt);
    if (app.queuedMs > 0) this.#queued(app.queuedMs);
  }

  /** Counts a request whose header never came to its end. */
  countStatus(status: number, sentBytes: number): void {
    this.#add(at.requests, 1);
    this.#add(at.sent, sentBytes);
    // An app may answer with a status of 600 or more, which counts as a 5xx.
    this.#add(at.classes + Math.min(Math.floor(status / 100), 5) - 1, 1);
    if (status >= 499) {
      const apart = statusesApart.indexOf(status as (typeof statusesApart)[number]);
      if (apart !== -1) this.#add(at.apart + apart, 1);
    }
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
  /** Requests that were refused before their site was known. */
  readonly nameless: SiteTraffic;
  readonly #sites: ReadonlyMap<string, SiteTraffic>;

  /** The sites in the order of their numbers. `memory`: of a note (protocol/note.ts). */
  constructor(names: readonly string[], memory: ArrayBuffer) {
    this.nameless = new SiteTraffic(rowIn(memory, 0));
    this.#sites = new Map(names.map((name, index) => [name, new SiteTraffic(rowIn(memory, index + 1))]));
  }

  /** A request of this site begins. */
  begin(name: string): SiteTraffic | null {
    const site = this.#sites.get(name) ?? null;
    site?.begin();
    return site;
  }
}
