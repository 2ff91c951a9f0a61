// Sends one request to its app and the answer to the client. A bad answer becomes a 502 while nothing has been sent, and
// the end of the client's connection after that: never a wrong answer that looks whole.

import { existsSync, read } from 'node:fs';
import { doubtKept } from '../files/served-file.ts';
import { guarded } from '../guard.ts';
import type { ResponseHead } from '../http/response-head.ts';
import { upstreamHead } from '../http/upstream-request.ts';
import type { Accepted, Exchange, Held } from '../request/exchange.ts';
import { Answer, type Redirector } from './answer.ts';
import type { AnswerFailure, AnswerReader, AppConnection } from './app-connection.ts';
import type { AppConnections, Got, Search, Seeker } from './app-connections.ts';
import { type Body, collectBody, noBody } from './request-body.ts';

/** Methods that may be sent again, or on a connection that the app may be about to close (RFC 9110 section 9.2.2). */
const repeatable: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'PROPFIND',
  'REPORT',
]);

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const safe: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Bodies up to this size go out in one write with their header. */
const smallBody = 16_384;
const fileChunk = 65_536;
/** Bytes of an answer that are kept back while the app is replaced. */
const mostHeld = 65_536;

export interface ForwardOptions {
  /** For a WebSocket: called with a 101, after which the bytes are no HTTP. */
  readonly tunnel: ((head: ResponseHead, connection: AppConnection) => AnswerReader) | null;
  /** Called with an X-Accel-Redirect, in place of sending the app's body. */
  readonly sendFile: (exchange: Exchange, accepted: Accepted, head: ResponseHead, path: string) => void;
}

export function forward(
  exchange: Exchange,
  accepted: Accepted,
  apps: AppConnections,
  options: ForwardOptions,
): void {
  const { head, site } = accepted;
  if (!head.chunked && (head.contentLength ?? 0) === 0) {
    new Forwarding(exchange, accepted, apps, noBody, options).start();
    return;
  }
  const refused = exchange.worker.bodyFiles.refusal(exchange.network, head.contentLength ?? 0);
  if (refused !== null) {
    refuseBody(exchange, refused);
    return;
  }
  if (head.expectsContinue) exchange.res.writeInterim('HTTP/1.1 100 Continue\r\n\r\n');
  collectBody(exchange, site.clientMaxBodySize, collected => {
    if (collected.kind === 'body') new Forwarding(exchange, accepted, apps, collected.body, options).start();
    else refuseBody(exchange, collected.status);
  });
}

/** What is left of it is not waited for. */
function refuseBody(exchange: Exchange, status: number): void {
  exchange.closeAfter();
  exchange.sendPage(status, status === 503 ? { extra: ['Retry-After', '10'] } : {});
}

class Forwarding implements AnswerReader, Held, Redirector, Seeker {
  readonly #exchange: Exchange;
  readonly #accepted: Accepted;
  readonly #apps: AppConnections;
  readonly #body: Body;
  readonly #options: ForwardOptions;
  readonly #method: string;
  readonly #times = { queuedMs: 0, askedAt: 0, answeredAt: 0, endedAt: 0 };
  #answer: Answer;
  #connection: AppConnection | null = null;
  #search: Search | null = null;
  #requestSent = false;
  #halfClosed = false;
  #retried = false;
  #tunnel: AnswerReader | null = null;

  constructor(
    exchange: Exchange,
    accepted: Accepted,
    apps: AppConnections,
    body: Body,
    options: ForwardOptions,
  ) {
    this.#exchange = exchange;
    this.#accepted = accepted;
    this.#apps = apps;
    this.#body = body;
    this.#options = options;
    this.#method = exchange.req.method;
    this.#answer = new Answer(exchange, this);
  }

  get network(): string {
    return this.#exchange.network;
  }

  get siteNumber(): number {
    return this.#exchange.siteNumber;
  }

  broke(error: unknown): void {
    this.#exchange.broke(error);
  }

  start(): void {
    this.#exchange.ask(this, this.#times);
    this.#connect(this.#accepted.site.keepalive && repeatable.has(this.#method));
  }

  #connect(reuse: boolean): void {
    this.#requestSent = false;
    this.#search = this.#apps.get(reuse && this.#options.tunnel === null, this);
  }

  got(got: Got, waitedMs: number): void {
    this.#search = null;
    this.#times.queuedMs += waitedMs;
    if (got.kind !== 'connection') {
      this.#exchange.report(got.why);
      if (got.kind === 'busy') this.#exchange.sendPage(503, { extra: ['Retry-After', '1'] });
      else this.#exchange.sendPage(502);
      return;
    }
    this.#connection = got.connection;
    // With nothing before it, that was when the request came; the clock costs more than the difference.
    const atOnce = this.#body === noBody && waitedMs === 0 && !this.#retried;
    this.#times.askedAt = atOnce ? this.#exchange.startedAt : performance.now();
    got.connection.begin(this);
    this.#sendRequest(got.connection);
  }

  #sendRequest(connection: AppConnection): void {
    const { head, site, host, target } = this.#accepted;
    const text = upstreamHead({
      method: this.#method,
      uri: target.uri,
      host,
      remoteAddress: this.#exchange.connection.remoteAddress,
      client: this.#accepted.client,
      trusted: this.#exchange.connection.trusted,
      requestId: this.#exchange.requestId,
      head,
      keepalive: site.keepalive,
      contentLength: this.#body === noBody ? head.contentLength : this.#body.length,
      websocket: this.#options.tunnel !== null,
    });
    const { memory, file, length } = this.#body;
    if (length <= smallBody && file === null) {
      connection.write(memory.reduce((all, bytes) => all + bytes.toString('latin1'), text));
    } else {
      connection.write(text);
      for (const bytes of memory) connection.write(bytes);
    }
    if (file === null) this.#sent(connection);
    else this.#sendFile(connection, file.fd, file.length, 0);
  }

  #sent(connection: AppConnection): void {
    this.#requestSent = true;
    if (this.#options.tunnel !== null || !safe.has(this.#method) || !this.#mayHalfClose()) return;
    this.#halfClosed = true;
    connection.endWrite();
  }

  #mayHalfClose(): boolean {
    const { halfClose } = this.#accepted.site;
    return halfClose != null && existsSync(halfClose);
  }

  /**
   * Whether an app of another kind may have found the request waiting in the socket, and take its client for one who has left:
   * nothing is passed on that it could leave unfinished, so that the request can be sent again.
   */
  #mayBeMistaken(): boolean {
    if (!this.#halfClosed || this.#retried || this.#exchange.sent) return false;
    return !this.#mayHalfClose() && this.#answer.held <= mostHeld;
  }

  #sendFile(connection: AppConnection, fd: number, length: number, at: number): void {
    if (connection !== this.#connection) return;
    if (at === length) {
      this.#sent(connection);
      return;
    }
    const bytes = Buffer.allocUnsafeSlow(Math.min(fileChunk, length - at));
    const took = (error: Error | null, size: number): void => {
      if (connection !== this.#connection) return;
      if (error !== null || size === 0) {
        this.failed({ kind: 'closed', why: 'lost a request body', begun: true });
        return;
      }
      const next = guarded(this, () => this.#sendFile(connection, fd, length, at + size));
      // An app may answer and close without reading on; its answer is read before more is written into nowhere.
      if (connection.write(bytes.subarray(0, size))) setImmediate(next);
      else connection.whenDrained(next);
    };
    read(fd, bytes, 0, bytes.length, at, guarded(this, took));
  }

  head(head: ResponseHead): 'body' | 'no-body' | 'tunnel' | 'refuse' {
    doubtKept();
    this.#times.answeredAt = performance.now();
    if (head.status !== 101) return this.#answer.begin(head);
    const { tunnel } = this.#options;
    if (tunnel === null || this.#connection === null) return 'refuse';
    this.#tunnel = tunnel(head, this.#connection);
    return 'tunnel';
  }

  interim(head: ResponseHead): void {
    if (this.#options.tunnel === null) this.#exchange.sendHints(head);
  }

  whole(text: string): void {
    this.#answer.whole(text);
  }

  piece(bytes: Uint8Array): void {
    if (this.#tunnel === null) this.#answer.piece(bytes);
    else this.#tunnel.piece(bytes);
  }

  flush(): void {
    const connection = this.#connection;
    if (this.#tunnel !== null) this.#tunnel.flush();
    else if (connection !== null && !this.#mayBeMistaken()) this.#answer.flush(connection);
  }

  end(): void {
    if (this.#tunnel !== null) {
      this.#tunnel.end();
      return;
    }
    const connection = this.#connection;
    this.#connection = null;
    if (connection !== null && this.#requestSent) this.#apps.put(connection);
    else connection?.destroy();
    this.#ended();
    this.#answer.end();
  }

  failed(failure: AnswerFailure): void {
    if (this.#tunnel !== null) {
      this.#tunnel.failed(failure);
      return;
    }
    // It closed an idle connection while the request was on its way.
    const isUnread = this.#connection?.used === true && !failure.begun && !this.#retried;
    this.#connection?.destroy();
    this.#connection = null;
    if (failure.kind === 'closed' && (isUnread || this.#mayBeMistaken())) {
      this.#retried = true;
      this.#answer = new Answer(this.#exchange, this);
      this.#connect(false);
      return;
    }
    this.#ended();
    this.#exchange.report(`bad answer (${failure.kind}): ${failure.why}`);
    if (failure.kind !== 'bad' && this.#answer.cut()) return;
    this.#exchange.sendPage(failure.kind === 'timeout' ? 504 : 502);
  }

  /** The app's answer is over, or its request was given up: only a log that says so asks when. */
  #ended(): void {
    if (this.#exchange.worker.accessLogFormat === 'json') this.#times.endedAt = performance.now();
  }

  redirect(head: ResponseHead, path: string): void {
    this.#ended();
    this.#exchange.release();
    this.#options.sendFile(this.#exchange, this.#accepted, head, path);
  }

  /** Gives up whatever is not over. */
  release(): void {
    this.#times.queuedMs += this.#search?.giveUp() ?? 0;
    this.#search = null;
    this.#connection?.destroy();
    this.#connection = null;
    this.#body.release();
    this.#answer.release();
  }
}
