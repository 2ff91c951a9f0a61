// Sends one request to its app and the answer to the client. A bad answer becomes a 502 while nothing has been sent. After that it ends
// the client's connection: a wrong answer never looks whole.

import { readFileSync } from 'node:fs';
import type { ResponseHead } from '../http/response-head.ts';
import { upstreamHead } from '../http/upstream-request.ts';
import type { Accepted, Exchange, Held } from '../request/exchange.ts';
import { Answer, type Redirector } from './answer.ts';
import type { AnswerFailure, AppConnection } from './app-connection.ts';
import { Attempt, type AttemptOwner, type MakeTunnel } from './attempt.ts';
import type { Backend, Got, Searching, Seeker } from './backend.ts';
import { type Body, collectBody, noBody } from './request-body.ts';
import { afterFailure, mayRepeat, mayReuse } from './retry.ts';

export interface ForwardOptions {
  /** For a WebSocket. */
  readonly tunnel: MakeTunnel | null;
  /** Called with an X-Accel-Redirect, in place of sending the app's body. */
  readonly sendFile: (exchange: Exchange, accepted: Accepted, head: ResponseHead, path: string) => void;
}

export function forward(
  exchange: Exchange,
  accepted: Accepted,
  apps: Backend,
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

/** Answers with this status. The rest of the body is not waited for. */
function refuseBody(exchange: Exchange, status: number): void {
  exchange.closeAfter();
  exchange.sendPage(status, status === 503 ? { extra: ['Retry-After', '10'] } : {});
}

/** What hostd says of an app that could not be reached; "" where it has nothing to say. */
function reasonIn(file: string | null): string {
  if (file === null) return '';
  try {
    return ` (${readFileSync(file, 'utf8').trim()})`;
  } catch {
    return '';
  }
}

class Forwarding implements AttemptOwner, Held, Redirector, Seeker {
  readonly #exchange: Exchange;
  readonly #accepted: Accepted;
  readonly #apps: Backend;
  readonly #body: Body;
  readonly #options: ForwardOptions;
  readonly #times = { queuedMs: 0, askedAt: 0, answeredAt: 0, endedAt: 0 };
  /** How often it has been sent. */
  #tries = 0;
  #isHasty = false;
  /** Why it has failed for good, while it is found out whether anybody listens. */
  #lost: AnswerFailure | null = null;
  #search: Searching | null = null;
  tried: Set<number> | null = null;
  isAskedAgain = false;
  #attempt: Attempt | null = null;
  #answer: Answer | null = null;

  constructor(exchange: Exchange, accepted: Accepted, apps: Backend, body: Body, options: ForwardOptions) {
    this.#exchange = exchange;
    this.#accepted = accepted;
    this.#apps = apps;
    this.#body = body;
    this.#options = options;
  }

  get network(): string {
    return this.#exchange.network;
  }

  get isHasty(): boolean {
    return this.#isHasty;
  }

  get isRepeatable(): boolean {
    return mayRepeat(this.#exchange.req.method);
  }

  get siteNumber(): number {
    return this.#exchange.siteNumber;
  }

  broke(error: unknown): void {
    this.#exchange.broke(error);
  }

  start(): void {
    this.#exchange.ask(this, this.#times);
    this.#apps.pending.begin(this.#exchange);
    const isReusing = this.#options.tunnel === null && this.#accepted.site.keepalive;
    this.#connect(mayReuse(this.#exchange.req.method, isReusing));
  }

  #connect(reuse: boolean): void {
    this.#search = this.#apps.get(reuse, this);
  }

  got(got: Got, waitedMs: number): void {
    this.#search = null;
    this.#times.queuedMs += waitedMs;
    if (got.kind !== 'connection') {
      this.#exchange.report(`${got.why}${reasonIn(this.#accepted.site.downReason ?? null)}`);
      if (got.kind === 'busy') this.#exchange.sendPage(503, { extra: ['Retry-After', '1'] });
      else this.#exchange.sendPage(got.status);
      return;
    }
    if (this.#lost !== null) {
      got.connection.destroy();
      this.#sayBad(this.#lost);
      this.#exchange.sendPage(502);
      return;
    }
    // Without a body and a wait, the app was asked when the request came. Reading the clock would cost more than the difference.
    const atOnce = this.#body === noBody && waitedMs === 0 && this.#tries === 0;
    this.#times.askedAt = atOnce ? this.#exchange.startedAt : performance.now();
    this.#try(got.connection);
  }

  #try(connection: AppConnection): void {
    const exchange = this.#exchange;
    this.#tries++;
    const answer = new Answer(exchange, this);
    const attempt = new Attempt(this, {
      exchange,
      connection,
      head: this.#requestHead(),
      body: this.#body,
      answer,
      isFirst: this.#tries === 1,
      halfClose: this.#accepted.site.halfClose ?? null,
      tunnel: this.#options.tunnel,
    });
    this.#answer = answer;
    this.#attempt = attempt;
    attempt.start();
  }

  #requestHead(): string {
    const { head, site, host, target, client } = this.#accepted;
    const { req, connection, requestId } = this.#exchange;
    return upstreamHead({
      method: req.method,
      uri: target.uri,
      host,
      remoteAddress: connection.remoteAddress,
      client,
      trusted: connection.trusted,
      clientAlone: site.clientAlone === true,
      requestId,
      head,
      keepalive: site.keepalive,
      contentLength: this.#body === noBody ? head.contentLength : this.#body.length,
      websocket: this.#options.tunnel !== null,
    });
  }

  answering(): void {
    this.#times.answeredAt = performance.now();
    this.#attempt?.trial.connection.use?.answered();
    this.#apps.pending.end(this.#exchange);
  }

  answered({ trial, isSent }: Attempt): void {
    this.#attempt = null;
    if (isSent) this.#apps.put(trial.connection);
    else trial.connection.destroy();
    this.#ended();
    trial.answer.end();
  }

  failed({ trial, isMistaken }: Attempt, failure: AnswerFailure): void {
    this.#attempt = null;
    const { method } = this.#exchange.req;
    const wasKept = trial.connection.used;
    const isShown = this.#exchange.sent;
    const isElsewhere = failure.kind === 'closed' && !isShown && this.#apps.lost(trial.connection, this);
    const next = afterFailure({
      ...failure,
      method,
      tries: this.#tries,
      wasKept,
      isMistaken,
      isShown,
      isElsewhere,
    });
    if (typeof next === 'string') {
      this.#isHasty = next !== 'again';
      if (next === 'look') this.#lost = failure;
      this.#connect(false);
      return;
    }
    this.#sayBad(failure);
    if (!next.showsRest || !trial.answer.cut()) this.#exchange.sendPage(next.status);
  }

  #sayBad({ kind, why }: AnswerFailure): void {
    this.#ended();
    this.#exchange.report(`bad answer (${kind}): ${why}`);
  }

  /** The app's answer is over, or its request was given up. The time is taken only for a log that has it. */
  #ended(): void {
    if (this.#exchange.worker.accessLogFormat === 'json') this.#times.endedAt = performance.now();
  }

  redirect(head: ResponseHead, path: string): void {
    this.#ended();
    this.#exchange.release();
    this.#options.sendFile(this.#exchange, this.#accepted, head, path);
  }

  /** Gives up everything that is not over. */
  release(): void {
    this.#apps.pending.end(this.#exchange);
    this.#times.queuedMs += this.#search?.giveUp() ?? 0;
    this.#search = null;
    this.#attempt?.release();
    this.#attempt = null;
    this.#body.release();
    this.#answer?.release();
  }
}
