// One client's connection: its requests are served one after another, in order, and it ends in a way that the client can
// tell. Knows nothing of what a request asks for.

import type { Socket } from 'node:net';
import { messageOf } from '../../errors.ts';
import { dateNow } from '../clock.ts';
import { type Bearer, guarded } from '../guard.ts';
import { type Client, unmapped } from '../http/client-address.ts';
import { ownFields } from '../http/response-fields.ts';
import { errorPage, reasons } from '../pages/error-page.ts';
import { type EndedExchange, Exchange, type ExchangeOwner } from '../request/exchange.ts';
import { record } from '../request/record.ts';
import type { Worker } from '../worker.ts';
import type { ClientRequest, ClientResponse } from './message.ts';
import { type Outlet, ResponseWriter } from './response-writer.ts';
import { SendWatch } from './send-watch.ts';

export type Serve = (exchange: Exchange) => void;

export class Connection implements ExchangeOwner, Outlet, Bearer {
  readonly socket: Socket;
  readonly remoteAddress: string;
  readonly trusted: boolean;
  readonly secure: boolean;
  readonly peer: Client;
  readonly #worker: Worker;
  readonly #serve: Serve;
  #active: Exchange | null = null;
  #sendWatch: SendWatch | null = null;
  #requests = 0;
  /** Bytes read by the end of the last exchange: more are the beginning of another request. */
  #bytesServed = 0;
  /** A status to end with, once the answers that are due have been given. */
  #failure: number | null = null;
  /** Nothing more is served on it. */
  #closing = false;
  /** Another request is here, and waits until others have had their turn. */
  isWaiting = false;
  /** Called when it may be given the next request. */
  onAnswered: (() => void) | null = null;

  constructor(worker: Worker, socket: Socket, localPort: number, serve: Serve) {
    this.#worker = worker;
    this.socket = socket;
    this.secure = 'encrypted' in socket;
    this.#serve = serve;
    this.remoteAddress = unmapped(socket.remoteAddress ?? 'unknown');
    this.trusted = worker.isTrusted?.(this.remoteAddress) ?? false;
    this.peer = { address: this.remoteAddress, secure: this.secure, port: localPort };
    socket.on(
      'end',
      guarded(this, () => this.#clientEnded()),
    );
  }

  get siteNumber(): number {
    return this.#active?.siteNumber ?? 0;
  }

  /** The exchange that is under way, or `whose`, could not go on: 500, or the connection's end where an answer has begun. */
  broke(error: unknown, whose: Exchange | null = this.#active): void {
    try {
      const cause = `a mistake in hostd: ${error instanceof Error ? error.stack : messageOf(error)}`;
      if (whose === null) this.#worker.errorLog({ level: 'error', cause });
      else whose.report(cause);
      if (whose !== null && whose === this.#active && !whose.sent && !this.#closing) {
        whose.release();
        whose.req.discard();
        whose.sendPage(500);
        return;
      }
    } catch {
      // It was what the page needs that failed.
    }
    this.destroy();
  }

  get active(): Exchange | null {
    return this.#active;
  }

  get isClosing(): boolean {
    return this.#closing;
  }

  mayContinue(): boolean {
    return !this.#worker.draining && this.#requests < this.#worker.limits.requestsPerConnection;
  }

  /** Serves a request; the last one has been answered. */
  take(req: ClientRequest, res: ClientResponse): void {
    if (!this.#closing && this.#failure === null) this.begin(req, res, this.#serve);
  }

  /** After the exchanges that are due, says `status` and ends: what follows on the connection can't be understood. */
  fail(status: number): void {
    if (this.#closing || this.#failure !== null) return;
    this.#failure = status;
    if (this.#active === null) this.#endWithFailure();
    // A request that is here to its end is still to be answered.
    else if (this.#active.phase === 'body' && !this.#active.req.complete) {
      this.#active.release();
      this.#active.req.discard();
      this.#active.sendPage(status);
    }
  }

  finished(ended: EndedExchange): void {
    record(this.#worker, ended);
    this.#active = null;
    this.#bytesServed = this.socket.bytesRead;
    if (this.socket.destroyed || this.#closing) return;
    if (ended.isLast) this.endGently();
    else if (this.#failure !== null) this.#endWithFailure();
    else this.#goOn();
  }

  #goOn(): void {
    this.onAnswered?.();
    // Its answer has promised the client more.
    if (this.#worker.draining) this.drain(true);
  }

  /** Called when nothing has moved for as long as the socket's timeout says. */
  timedOut(): void {
    // Without a request it has another time, which its reader keeps.
    if (this.#active === null) return;
    const { limits } = this.#worker;
    const waitsForApp = this.#active.phase !== 'body' && this.socket.writableLength === 0;
    if (waitsForApp) {
      this.socket.setTimeout(limits.writeGapMs);
      return;
    }
    if (this.#active.phase === 'body') this.#active.timedOut();
    this.destroy();
  }

  watchSending(): void {
    this.#sendWatch ??= new SendWatch(this, this.socket, this.#worker.limits.writeGapMs);
    this.#sendWatch.begin();
  }

  /** The socket has closed. */
  closed(): void {
    this.#sendWatch?.stop();
  }

  /** Makes room: whether it was idle, and has ended. */
  closeIfIdle(): boolean {
    if (this.#active !== null || this.isWaiting || this.#closing) return false;
    this.destroy();
    return true;
  }

  /**
   * For a drain: a busy connection ends after its answer, one whose request may be on its way a little later. `patient`: so does
   * one that is idle, for a client that asks again and again would be met by its end.
   */
  drain(patient: boolean): void {
    if (this.#active !== null || this.#closing) return;
    const idle = !this.isWaiting && this.#requests > 0 && this.socket.bytesRead === this.#bytesServed;
    if (idle && !patient) this.endGently();
    else
      setTimeout(
        guarded(this, () => this.#endIfIdle()),
        this.#worker.limits.lastRequestMs,
      );
  }

  #endIfIdle(): void {
    if (this.#active === null) this.endGently();
  }

  destroy(): void {
    this.#closing = true;
    this.socket.destroy();
  }

  /** Serves this request in a way of its own; the connection has nothing else to do. */
  begin(req: ClientRequest, res: ClientResponse, serve: Serve): void {
    this.#requests++;
    const exchange = new Exchange(this.#worker, this, req, res);
    this.#active = exchange;
    serve(exchange);
    if (this.socket.readableEnded) this.#clientEnded();
  }

  /** A client that has closed its half may still read; one that has gone can't be told from it. So the app gets a moment. */
  #clientEnded(): void {
    const exchange = this.#active;
    if (exchange === null || exchange.phase === 'send') return;
    const giveUp = (): void => {
      if (this.#active === exchange && !exchange.sent) this.destroy();
    };
    setTimeout(guarded(this, giveUp), this.#worker.limits.halfCloseMs).unref();
  }

  #endWithFailure(): void {
    const status = this.#failure ?? 400;
    const page = this.#worker.errorPages?.find(null, status) ?? errorPage(status, null);
    this.#worker.traffic?.nameless.countStatus(status, page.length);
    const own = { date: dateNow(), connection: 'close', type: 'text/html', length: page.length } as const;
    const res = new ResponseWriter(this, '', false);
    res.writeHead(status, reasons[status] ?? 'Error', ownFields(own));
    res.end(page);
    this.endGently();
  }

  /**
   * Ends it after what has been written, whatever the client has been promised. Bytes that it still sends would turn into a reset that
   * can overtake the answer, so they are read and dropped for a while.
   */
  endGently(): void {
    if (this.#closing) return;
    this.#closing = true;
    const { socket } = this;
    socket.end(); // and once the client ends too, the socket is gone
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), this.#worker.limits.lingerMs);
    socket.once('close', () => clearTimeout(timer));
  }
}
