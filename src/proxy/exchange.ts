// One request and its answer: what is known of it, what was sent, what is logged when it ends.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RoutedSite } from '../protocol/worker.ts';
import { accessLogLine } from './access-log-line.ts';
import { dateNow, logTimeNow } from './clock.ts';
import type { Connection } from './connection.ts';
import { errorPage, reasons } from './error-page.ts';
import type { RequestHead } from './request-head.ts';
import type { Target } from './target.ts';
import type { Worker } from './worker.ts';

/** Statuses after which the rest of the connection's bytes can't be trusted, or aren't wanted. */
const closing: ReadonlySet<number> = new Set([400, 408, 413, 414, 431, 500, 501, 505]);

/** A request that has been understood and belongs to a site. */
export interface Accepted {
  readonly head: RequestHead;
  readonly target: Target;
  readonly site: RoutedSite;
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

export class Exchange {
  readonly worker: Worker;
  readonly connection: Connection;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  accepted: Accepted | null = null;
  /** What it waits for: the client's body, the app, or the client's reading. */
  phase: 'body' | 'app' | 'send' = 'send';
  status = 0;
  bodyBytes = 0;
  /** Lets go of everything that was opened for it; called once, when it ends either way. */
  onEnd: (() => void) | null = null;
  readonly #number: number;
  #closes = false;

  constructor(worker: Worker, connection: Connection, req: IncomingMessage, res: ServerResponse) {
    this.worker = worker;
    this.connection = connection;
    this.req = req;
    this.res = res;
    this.#number = ++worker.requests;
    res.on('close', () => this.#ended());
  }

  /** Makes this the connection's last answer. */
  closeAfter(): void {
    this.#closes = true;
  }

  get connectionField(): 'keep-alive' | 'close' {
    const keep = !this.#closes && this.res.shouldKeepAlive && this.connection.mayContinue();
    return keep ? 'keep-alive' : 'close';
  }

  get sent(): boolean {
    return this.status !== 0;
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
    if (closing.has(status) || this.req.headers.expect !== undefined) this.#closes = true;
    const userAgent = this.accepted?.head.fields.get('user-agent') ?? null;
    const page = this.worker.page?.(this, status) ?? errorPage(status, userAgent);
    const fields = ['Server', 'hostd', 'Date', dateNow(), 'Content-Type', 'text/html'];
    fields.push('Content-Length', String(page.length));
    if (also.location !== undefined) fields.push('Location', also.location);
    fields.push('Connection', this.connectionField, ...(also.extra ?? []));
    this.sendHead(status, reasons[status] ?? 'Error', fields);
    if (this.req.method !== 'HEAD') this.bodyBytes = page.length;
    this.res.end(page, 'latin1');
  }

  /** An app's header that can't be sent on: 502. */
  refuseAnswer(why: string): void {
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
    this.worker.errorLog({ level, ...place, cause, request: `${process.pid}-${this.#number}` });
  }

  #ended(): void {
    this.onEnd?.();
    this.onEnd = null;
    this.#log();
    this.connection.finished(this);
  }

  #log(): void {
    const { accepted, req, res } = this;
    if (accepted === null) return;
    const log = this.worker.accessLogs.get(accepted.site.name);
    if (log === undefined) return;
    const unsent = res.writableFinished ? 0 : this.connection.socket.writableLength;
    const line = accessLogLine(
      {
        remoteAddress: this.connection.remoteAddress,
        authorization: accepted.head.fields.get('authorization') ?? null,
        requestLine: `${req.method} ${req.url} HTTP/${req.httpVersion}`,
        status: this.status === 0 ? (this.phase === 'body' ? 400 : 499) : this.status,
        bodyBytes: Math.max(0, this.bodyBytes - unsent),
        referer: accepted.head.fields.get('referer') ?? null,
        userAgent: accepted.head.fields.get('user-agent') ?? null,
      },
      logTimeNow(),
    );
    log.append(line);
  }
}
