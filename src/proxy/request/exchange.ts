// One request and its answer: what is known of it, what was sent, what is logged when it ends.

import type { Connection } from '../client/connection.ts';
import { type ClientRequest, type ClientResponse, type CloseListener, fieldOf } from '../client/message.ts';
import { dateNow } from '../clock.ts';
import type { Bearer } from '../guard.ts';
import { type Client, networkOf } from '../http/client-address.ts';
import { earlyHints } from '../http/early-hints.ts';
import type { RequestHead } from '../http/request-head.ts';
import { isRequestId, makeRequestId } from '../http/request-id.ts';
import type { ResponseHead } from '../http/response-head.ts';
import type { Target } from '../http/target.ts';
import { exchangeLine } from '../log/exchange-log.ts';
import { errorPage, reasons } from '../pages/error-page.ts';
import type { SiteTraffic } from '../traffic.ts';
import type { Worker } from '../worker.ts';
import type { NamedSite } from './router.ts';

/** Statuses after which the rest of the connection's bytes can't be trusted, or aren't wanted. */
const closing: ReadonlySet<number> = new Set([400, 408, 413, 414, 431, 500, 501, 505]);

/** A request that has been understood and belongs to a site. */
export interface Accepted {
  readonly head: RequestHead;
  readonly target: Target;
  readonly site: NamedSite;
  readonly client: Client;
  /** Host as the app is to see it. */
  readonly host: string;
  /** The name that it was routed by. */
  readonly hostName: string;
}

/** What one of the worker's own pages says besides, where nginx says it. */
export interface PageFields {
  readonly location?: string;
  readonly extra?: readonly string[];
}

/** Something that was opened for an exchange, or is done for it. */
export interface Held {
  release(): void;
}

export class Exchange implements CloseListener, Bearer {
  readonly worker: Worker;
  readonly connection: Connection;
  readonly req: ClientRequest;
  readonly res: ClientResponse;
  accepted: Accepted | null = null;
  /** What it waits for: the client's body, the app, or the client's reading. */
  phase: 'body' | 'app' | 'send' = 'send';
  status = 0;
  bodyBytes = 0;
  /** Of the request's body, or of what a tunnel's client has sent. */
  receivedBytes = 0;
  /** The counters of its site, once that is known. */
  traffic: SiteTraffic | null = null;
  /** Times of performance.now(), 0 for what has not happened: the header was complete; */
  readonly startedAt = performance.now();
  /** the app was given the request, and had answered with a header; its answer was over (only for a log that says so). */
  askedAt = 0;
  answeredAt = 0;
  appEndedAt = 0;
  /** Milliseconds of waiting for a connection to the app; null: none was wanted. */
  queuedMs: number | null = null;
  /** What was opened for it, to be released once, when it ends either way. */
  held: Held | null = null;
  #requestId: string | null = null;
  #closes = false;
  #hintBytes = 0;

  constructor(worker: Worker, connection: Connection, req: ClientRequest, res: ClientResponse) {
    this.worker = worker;
    this.connection = connection;
    this.req = req;
    this.res = res;
    worker.requests++;
    res.onClose(this);
  }

  /** Of the client, for what each may have a share of. */
  get network(): string {
    return networkOf((this.accepted?.client ?? this.connection.peer).address);
  }

  get siteNumber(): number {
    return this.accepted?.site.number ?? 0;
  }

  broke(error: unknown): void {
    this.connection.broke(error, this);
  }

  /** Makes this the connection's last answer. */
  closeAfter(): void {
    this.#closes = true;
  }

  get connectionField(): 'keep-alive' | 'close' {
    const keep = !this.#closes && this.res.keepAlive && this.connection.mayContinue();
    return keep ? 'keep-alive' : 'close';
  }

  /** X-Request-Id: the client's own, or one that is made when it is first asked for. */
  get requestId(): string {
    if (this.#requestId === null) {
      const given = this.accepted?.head.requestId;
      this.#requestId = given != null && isRequestId(given) ? given : makeRequestId();
    }
    return this.#requestId;
  }

  get sent(): boolean {
    return this.status !== 0;
  }

  /** Where nothing was sent: whose fault it was, as nginx says it. */
  get loggedStatus(): number {
    if (this.status !== 0) return this.status;
    return this.phase === 'body' ? 400 : 499;
  }

  /** Bytes of the body that have left the worker. */
  get sentBytes(): number {
    const unsent = this.res.isFinished ? 0 : this.res.unsent;
    return Math.max(0, this.bodyBytes - unsent);
  }

  /** The app's answer is over, or its request was given up. */
  appEnded(): void {
    if (this.worker.accessLogFormat === 'json') this.appEndedAt = performance.now();
  }

  /** Early hints of the app go out as they come: to a client that knows them, before any answer, and only so many. */
  sendHints(head: ResponseHead): void {
    const { req, res } = this;
    if (this.sent || req.httpVersion !== '1.1') return;
    const text = earlyHints(head, this.worker.limits.responseHeader - this.#hintBytes);
    if (text === null) return;
    this.#hintBytes += text.length;
    res.writeInterim(text);
  }

  /** Sends a status line and fields, name and value in turn. */
  sendHead(status: number, reason: string, fields: string[]): void {
    this.status = status;
    this.phase = 'send';
    this.res.writeHead(status, reason, fields);
  }

  /** Answers with one of the worker's own pages, unless an answer has begun: then the connection ends instead. */
  sendPage(status: number, also: PageFields = {}): void {
    if (this.sent) {
      this.abort();
      return;
    }
    // Without its "100 Continue" the client may send the body or not, so the next request's place is unknown.
    if (closing.has(status) || fieldOf(this.req, 'expect') !== null) this.#closes = true;
    const userAgent = this.accepted?.head.fields.get('user-agent') ?? null;
    const page =
      this.worker.page?.(this, status) ??
      this.worker.errorPages?.find(this.accepted?.site ?? null, status) ??
      errorPage(status, userAgent);
    const fields = ['Server', 'hostd', 'Date', dateNow(), 'Content-Type', 'text/html'];
    fields.push('Content-Length', String(page.length));
    if (also.location !== undefined) fields.push('Location', also.location);
    fields.push('Connection', this.connectionField, ...(also.extra ?? []));
    this.sendHead(status, reasons[status] ?? 'Error', fields);
    if (this.req.method !== 'HEAD') this.bodyBytes = page.length;
    this.res.end(page);
  }

  /** An app's header that can't be sent on: 502. */
  refuseAnswer(why: string): void {
    this.release(); // not a second refusal when more of that answer comes
    this.status = 0;
    this.report(`cannot send on the answer's header: ${why}`);
    this.sendPage(502);
  }

  /** Ends the connection where it stands: the client must see that the answer is not whole. */
  abort(): void {
    this.connection.destroy();
  }

  report(cause: string, level: 'error' | 'warn' = 'error'): void {
    const site = this.accepted?.site;
    const place = site === undefined ? {} : { site: site.name, upstream: site.socket };
    this.worker.errorLog({ level, ...place, cause, request: this.requestId });
  }

  /** Lets go of what it holds, before its end. */
  release(): void {
    const { held } = this;
    this.held = null;
    held?.release();
  }

  closed(): void {
    this.release();
    const now = performance.now();
    if (this.traffic === null) this.worker.traffic?.nameless.count(this, now);
    else this.traffic.end(this, now);
    this.#log(now);
    this.connection.finished(this);
  }

  #log(now: number): void {
    if (this.accepted === null) return;
    const log = this.worker.accessLogs.get(this.accepted.site.name);
    log?.append(exchangeLine(this, this.accepted, now));
  }
}
