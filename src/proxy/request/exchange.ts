// One request and its answer: what is known of the request, and what was sent. It ends with a value, which its owner counts and logs.

import { addressText } from '../../model/address.ts';
import type { Stage } from '../client/line.ts';
import {
  type ClientConnection,
  type ClientRequest,
  type ClientResponse,
  type CloseListener,
  fieldOf,
} from '../client/message.ts';
import { dateNow } from '../clock.ts';
import type { Bearer } from '../guard.ts';
import { type Client, networkOf } from '../http/client-address.ts';
import { earlyHints } from '../http/early-hints.ts';
import type { RequestHead } from '../http/request-head.ts';
import { isRequestId, makeRequestId } from '../http/request-id.ts';
import { ownFields } from '../http/response-fields.ts';
import type { ResponseHead } from '../http/response-head.ts';
import type { Target } from '../http/target.ts';
import { errorPage, reasons } from '../pages/error-page.ts';
import type { AppTimes, Ended, SiteTraffic } from '../traffic.ts';
import type { Worker } from '../worker.ts';
import type { NamedSite } from './router.ts';

/** Statuses after which the connection closes: the rest of its bytes can't be trusted, or isn't wanted. */
const closing: ReadonlySet<number> = new Set([400, 408, 413, 414, 431, 500, 501, 505]);

/** A request that has been understood and belongs to a site. */
export interface Accepted {
  readonly head: RequestHead;
  readonly target: Target;
  readonly site: NamedSite;
  readonly client: Client;
  /** The Host that the app gets. */
  readonly host: string;
  /** The name that routed it to its site. */
  readonly hostName: string;
}

/** Fields that one of the worker's own pages has besides the usual ones, where nginx has them. */
export interface PageFields {
  readonly location?: string;
  readonly extra?: readonly string[];
}

/** Something opened or done for an exchange, to be released when the exchange ends. */
export interface Held {
  release(): void;
}

/** The connection that an exchange belongs to. */
export interface ExchangeOwner extends ClientConnection {
  /** What the exchange waits for. The exchange tells of each change. */
  readonly stage: Stage | null;
  enters(stage: Stage): void;
  /** Called once, when the exchange has ended in any way. */
  finished(ended: EndedExchange): void;
  /** `whose` could not go on, because of a mistake in hostd. */
  broke(error: unknown, whose: Exchange): void;
}

/** An exchange that is over. */
export interface EndedExchange extends Ended {
  readonly req: ClientRequest;
  /** null: the request was refused before its site was known. */
  readonly accepted: Accepted | null;
  /** The counters of its site; null: none are kept. */
  readonly traffic: SiteTraffic | null;
  /** Empty where no log and no app has it. */
  readonly requestId: string;
  /** Whether its answer was the last one on the connection. */
  readonly isLast: boolean;
}

/** Whom the site's requests go to, in a line of the log. */
function upstreamText({ socket, upstreams }: NamedSite): string {
  return upstreams == null ? socket : upstreams.addresses.map(addressText).join(', ');
}

export class Exchange implements CloseListener, Bearer {
  readonly worker: Worker;
  readonly connection: ClientConnection;
  readonly req: ClientRequest;
  readonly res: ClientResponse;
  /** performance.now() when the request's header was complete. */
  readonly startedAt = performance.now();
  readonly #owner: ExchangeOwner;
  #accepted: Accepted | null = null;
  #traffic: SiteTraffic | null = null;
  /** 0: no answer has begun. */
  #status = 0;
  #receivedBytes = 0;
  #app: AppTimes | null = null;
  #held: Held | null = null;
  #requestId: string | null = null;
  #closes = false;
  #hintBytes = 0;

  constructor(worker: Worker, owner: ExchangeOwner, req: ClientRequest, res: ClientResponse) {
    this.worker = worker;
    this.connection = owner;
    this.#owner = owner;
    this.req = req;
    this.res = res;
    res.onClose(this);
  }

  /** null: the request is not understood yet, or was refused before its site was known. */
  get accepted(): Accepted | null {
    return this.#accepted;
  }

  /** The client's network, which budgets are shared out by. */
  get network(): string {
    return networkOf((this.#accepted?.client ?? this.connection.peer).address);
  }

  get siteNumber(): number {
    return this.#accepted?.site.number ?? 0;
  }

  broke(error: unknown): void {
    this.#owner.broke(error, this);
  }

  /** The request has been understood, and belongs to a site. */
  accept(accepted: Accepted): void {
    this.#accepted = accepted;
    this.#traffic = this.worker.traffic?.begin(accepted.site.name) ?? null;
  }

  /** The client's body is collected. */
  collect(collector: Held): void {
    this.hold(collector);
    this.#owner.enters('body');
  }

  /** Bytes of the request's body, or from the client of a WebSocket, have come. */
  received(bytes: number): void {
    this.#receivedBytes += bytes;
  }

  /** An app is to answer. `times` is read when the exchange ends. */
  ask(forwarding: Held, times: AppTimes): void {
    this.#app = times;
    this.hold(forwarding);
    this.#owner.enters('app');
  }

  /** An app has let a WebSocket begin. */
  becomeTunnel(): void {
    this.#status = 101;
    this.#owner.enters('tunnel');
    this.#traffic?.beginTunnel();
  }

  /** The client's body did not come in time: answers 408, where nothing was sent. */
  timedOut(): void {
    if (!this.sent) this.#status = 408;
  }

  /** Makes this the connection's last answer. */
  closeAfter(): void {
    this.#closes = true;
  }

  get connectionField(): 'keep-alive' | 'close' {
    const keep = !this.#closes && this.res.keepAlive && this.connection.mayContinue();
    return keep ? 'keep-alive' : 'close';
  }

  /** X-Request-Id: the client's own, or a new one, made when it is first asked for. */
  get requestId(): string {
    if (this.#requestId === null) {
      const given = this.#accepted?.head.requestId;
      this.#requestId = given != null && isRequestId(given) ? given : makeRequestId();
    }
    return this.#requestId;
  }

  get sent(): boolean {
    return this.#status !== 0;
  }

  /** Sends early hints of the app as they come: only before the answer, only to a client that knows them, and only up to a bound. */
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
    this.#status = status;
    this.#owner.enters('send');
    this.res.writeHead(status, reason, fields);
  }

  /** Answers with one of the worker's own pages. Where an answer has begun, the connection ends instead. */
  sendPage(status: number, also: PageFields = {}): void {
    if (this.sent) {
      this.abort();
      return;
    }
    // A client that still waits for "100 Continue" may send the body or not, so the place of the next request is unknown.
    if (closing.has(status) || fieldOf(this.req, 'expect') !== null) this.#closes = true;
    const userAgent = this.#accepted?.head.fields.get('user-agent') ?? null;
    const page =
      this.worker.page?.(this.req, this.connection, status) ??
      this.worker.errorPages?.find(this.#accepted?.site ?? null, status) ??
      errorPage(status, userAgent);
    const fields = ownFields({
      date: dateNow(),
      connection: this.connectionField,
      type: 'text/html',
      length: page.length,
      between: also.location === undefined ? [] : ['Location', also.location],
    });
    fields.push(...(also.extra ?? []));
    this.sendHead(status, reasons[status] ?? 'Error', fields);
    this.res.end(page);
  }

  /** An app's header can't be sent on: 502. */
  refuseAnswer(why: string): void {
    this.release(); // not a second refusal when more of that answer comes
    this.#status = 0;
    this.report(`cannot send on the answer's header: ${why}`);
    this.sendPage(502);
  }

  /** Ends the connection where it stands, so that the client sees that the answer is not whole. */
  abort(): void {
    this.connection.destroy();
  }

  report(cause: string, level: 'error' | 'warn' = 'error'): void {
    const site = this.#accepted?.site;
    const place = site === undefined ? {} : { site: site.name, upstream: upstreamText(site) };
    const { method, url } = this.req;
    this.worker.errorLog({ level, ...place, cause, method, uri: url, request: this.requestId });
  }

  /** Keeps `held`, to be released once: at the latest when the exchange ends. */
  hold(held: Held): void {
    this.#held = held;
  }

  /** Releases what is kept. */
  release(): void {
    const held = this.#held;
    this.#held = null;
    held?.release();
  }

  closed(): void {
    this.release();
    const { req, res, startedAt } = this;
    this.#owner.finished({
      req,
      accepted: this.#accepted,
      traffic: this.#traffic,
      loggedStatus: this.#loggedStatus,
      receivedBytes: this.#receivedBytes,
      sentBytes: Math.max(0, res.bodyBytes - (res.isFinished ? 0 : res.unsent)),
      startedAt,
      endedAt: performance.now(),
      app: this.#app,
      requestId: (this.worker.accessLogFormat ?? 'combined') === 'combined' ? '' : this.requestId,
      isLast: res.isLast,
    });
  }

  /** The status for the log. Where nothing was sent it says whose fault that was, as nginx's does. */
  get #loggedStatus(): number {
    if (this.#status !== 0) return this.#status;
    return this.#owner.stage === 'body' ? 400 : 499;
  }
}
