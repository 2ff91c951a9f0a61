// One client's connection: makes happen what line.ts decides, with one timer. Knows nothing of what a request asks for, nor of how
// requests are read.

import type { Socket } from 'node:net';
import { messageOf } from '../../errors.ts';
import type { MakeTunnel } from '../app/attempt.ts';
import { dateNow } from '../clock.ts';
import { Deadlines, type HasDeadline } from '../deadlines.ts';
import { guarded } from '../guard.ts';
import { type Client, unmapped } from '../http/client-address.ts';
import { ownFields } from '../http/response-fields.ts';
import type { Limits } from '../limits.ts';
import { errorPage, reasons } from '../pages/error-page.ts';
import { type EndedExchange, Exchange, type ExchangeOwner } from '../request/exchange.ts';
import { record } from '../request/record.ts';
import type { Worker } from '../worker.ts';
import { type Awaited, type Effect, isIdle, mayContinue, mayRead, type Stage, takesBytes } from './line.ts';
import {
  answered,
  answeredLast,
  came,
  destroy,
  drain,
  end,
  ended,
  type KnownEvent,
  late,
  moved,
  request,
  stages,
  turn,
  unsent,
} from './line-events.ts';
import { move, start } from './line-places.ts';
import type { ClientRequest, ClientResponse } from './message.ts';
import { type Outlet, ResponseWriter } from './response-writer.ts';
import { EarlyBytes, Tunnel, type TunnelOwner } from './tunnel.ts';

/** Answers a request. `tunnel`: only for a WebSocket's. */
export type Serve = (exchange: Exchange, tunnel?: MakeTunnel | null) => void;

/** Reads the requests of a connection, as far as mayRead allows, and tells the connection of them. */
export interface Intake {
  /** Reads on: now, or once the code that serves the present request has returned. */
  read(): void;
  readSoon(): void;
  /** No more bytes come from the socket for now; they come again. */
  pause(): void;
  resume(): void;
  /** Tells the reader of the body that it is too large. */
  tooLarge(): void;
  /** Reads what is left of the body, and drops it. */
  drop(): void;
  /** Reads no more. Returns the bytes that are here and were not read. */
  stop(): Buffer;
}

/** Milliseconds for each thing that is waited for. */
export type Times = Readonly<Record<Awaited, number>>;

export function timesOf(limits: Limits): Times {
  return {
    first: limits.headerMs,
    head: limits.headerMs,
    next: limits.idleMs,
    body: limits.bodyGapMs,
    answer: limits.halfCloseMs,
    taking: limits.writeGapMs,
    tunnel: limits.tunnelIdleMs,
    last: limits.lastRequestMs,
    end: limits.lingerMs,
  };
}

/** Requests of one connection that are answered in a row, where they came at once. Then others have their turn. */
const mostInARow = 8;

const deadlines = new Deadlines();

export class Connection implements ExchangeOwner, Outlet, TunnelOwner, HasDeadline {
  deadline = Number.POSITIVE_INFINITY;
  slot = -1;
  readonly socket: Socket;
  readonly remoteAddress: string;
  readonly trusted: boolean;
  readonly secure: boolean;
  readonly peer: Client;
  readonly #worker: Worker;
  readonly #serve: Serve;
  readonly #times: Times;
  #intake: Intake | null = null;
  #place = start().to;
  #active: Exchange | null = null;
  /** The request that was read last, until it is served, and its answer; null: the request is a WebSocket's. */
  #req: ClientRequest | null = null;
  #res: ClientResponse | null = null;
  /** How many requests have come, and how many of them were answered since other connections had their turn. */
  #requests = 0;
  #inARow = 0;
  /** Bytes read by the end of the last exchange. More bytes are the beginning of another request. */
  #bytesServed = 0;
  /** How much the client had taken when that was last looked at. */
  #progress: Progress = { taken: 0, queued: 0 };

  /** `localPort`: the port of the listener. */
  constructor(worker: Worker, socket: Socket, localPort: number, serve: Serve, times: Times) {
    this.#worker = worker;
    this.socket = socket;
    this.secure = 'encrypted' in socket;
    this.#serve = serve;
    this.#times = times;
    this.remoteAddress = unmapped(socket.remoteAddress ?? 'unknown');
    this.trusted = worker.isTrusted?.(this.remoteAddress) ?? false;
    this.peer = { address: this.remoteAddress, secure: this.secure, port: localPort };
  }

  /** Serves the requests that `intake` reads. */
  start(intake: Intake): void {
    this.#intake = intake;
    const { socket } = this;
    socket.on(
      'end',
      guarded(this, () => this.post(ended)),
    );
    socket.once(
      'close',
      guarded(this, () => this.#closed()),
    );
    socket.on('error', () => socket.destroy());
    this.#perform(start().effects);
  }

  get siteNumber(): number {
    return this.#active?.siteNumber ?? 0;
  }

  /** The present exchange, or `whose`, could not go on: answers 500, or ends the connection where an answer has begun. */
  broke(error: unknown, whose: Exchange | null = this.#active): void {
    try {
      const cause = `a mistake in hostd: ${error instanceof Error ? error.stack : messageOf(error)}`;
      if (whose === null) this.#worker.errorLog({ level: 'error', cause });
      else whose.report(cause);
      if (whose !== null && whose === this.#active && !whose.sent && !this.isEnding) {
        whose.release();
        whose.req.discard();
        whose.sendPage(500);
        return;
      }
    } catch {
      // The page could not be made, for the same reason.
    }
    this.destroy();
  }

  /** Something has happened on the connection. */
  post(event: KnownEvent): void {
    const { to, effects } = move(this.#place, event);
    this.#place = to;
    this.#perform(effects);
  }

  /** Bytes have come, and the intake holds them. */
  came(): void {
    if (!this.isHolding) this.#inARow = 0;
    this.post(came);
  }

  /** A request's head is here. `res`: its answer; `hasBody`: its body follows; `isHolding`: the intake holds more bytes. */
  requested(
    what: 'plain' | 'websocket' | 'connect',
    req: ClientRequest,
    res: ClientResponse | null,
    hasBody: boolean,
    isHolding: boolean,
  ): void {
    this.#requests++;
    this.#inARow++;
    this.#req = req;
    this.#res = res;
    this.post(request({ what, hasBody, isHolding, isTurnOver: this.#inARow >= mostInARow }));
  }

  get stage(): Stage | null {
    return this.#place.line.stage;
  }

  get isEnding(): boolean {
    return this.#place.line.isEnding;
  }

  /** Whether the intake may read on in the bytes that it holds. */
  get mayRead(): boolean {
    return mayRead(this.#place.line);
  }

  get takesBytes(): boolean {
    return takesBytes(this.#place.line);
  }

  get isHolding(): boolean {
    return this.#place.line.isHolding;
  }

  mayContinue(): boolean {
    return this.#requests < this.#worker.limits.requestsPerConnection && mayContinue(this.#place.line);
  }

  enters(stage: Stage): void {
    this.post(stages[stage]);
  }

  moved(): void {
    this.post(moved);
  }

  /** The client has not taken all of an answer at once. */
  unsent(): void {
    this.post(unsent);
  }

  finished(ended: EndedExchange): void {
    record(this.#worker, ended);
    this.#active = null;
    this.#bytesServed = this.socket.bytesRead;
    this.post(ended.isLast ? answeredLast : answered);
  }

  /** Makes room. Returns whether the connection was idle, and has ended. */
  closeIfIdle(): boolean {
    if (!isIdle(this.#place.line)) return false;
    this.destroy();
    return true;
  }

  /** The worker goes. `isPatient`: an idle connection stays open for a moment, so that a request on its way is not met by the end. */
  drain(isPatient: boolean): void {
    const isQuiet = this.socket.bytesRead === this.#bytesServed;
    this.post(drain(isPatient, isQuiet));
  }

  endGently(): void {
    this.post(end);
  }

  destroy(): void {
    this.post(destroy);
  }

  /** The thing that was waited for has not come in time. */
  expired(): void {
    const before = this.#progress;
    const { taken, queued } = progressOf(this.socket);
    const isUnsent = this.socket.writableLength > 0;
    this.post(late(isUnsent, taken !== before.taken || queued !== before.queued));
  }

  #closed(): void {
    this.post(destroy);
    deadlines.remove(this);
    this.#intake?.stop();
    this.#active?.res.close();
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: Effect): void {
    switch (effect.kind) {
      case 'answer':
        this.#answer();
        return;
      case 'upgrade':
        this.#upgrade();
        return;
      case 'refuse':
        this.#refuse(effect.status);
        return;
      case 'refuse-body':
        this.#active?.release();
        this.#active?.req.discard();
        this.#active?.sendPage(effect.status);
        return;
      case 'too-large':
        this.#intake?.tooLarge();
        return;
      case 'drop':
        this.#intake?.drop();
        return;
      case 'read':
        this.#intake?.read();
        return;
      case 'read-soon':
        this.#intake?.readSoon();
        return;
      case 'give-way':
        this.#giveWay();
        return;
      case 'pause':
        this.#intake?.pause();
        return;
      case 'resume':
        this.#intake?.resume();
        return;
      case 'wait':
        this.#wait(effect.for);
        return;
      case 'end':
        // Bytes that still come would make a reset, which can overtake the answer. Once the client has ended too, the socket is gone.
        this.socket.end();
        this.socket.resume();
        return;
      case 'destroy':
        if (effect.status !== undefined) this.#active?.timedOut();
        this.socket.destroy();
        return;
    }
  }

  #wait(awaited: Awaited): void {
    if (awaited === 'taking') this.#progress = progressOf(this.socket);
    const ms = this.#times[awaited];
    if (ms === Number.POSITIVE_INFINITY) deadlines.remove(this);
    else deadlines.set(this, ms);
  }

  #answer(): void {
    const req = this.#req;
    const res = this.#res;
    this.#req = null;
    this.#res = null;
    if (req === null || res === null) return;
    this.#active = new Exchange(this.#worker, this, req, res);
    this.#serve(this.#active);
  }

  #giveWay(): void {
    const go = (): void => {
      this.#inARow = 0;
      this.post(turn);
    };
    setImmediate(guarded(this, go));
  }

  /** Begins a WebSocket. From here on nobody reads requests. */
  #upgrade(): void {
    const req = this.#req;
    this.#req = null;
    if (this.#intake === null || req === null) return;
    const waiting = new EarlyBytes(this, this.#intake.stop());
    const res = new ResponseWriter(this, req.method, false);
    const exchange = new Exchange(this.#worker, this, req, res);
    this.#active = exchange;
    this.#serve(exchange, (head, app) => new Tunnel(this, exchange, res, app, head, waiting.take()));
  }

  /** Refuses a request that could not be read, and of which nothing else is known. */
  #refuse(status: number): void {
    const page = this.#worker.errorPages?.find(null, status) ?? errorPage(status, null);
    this.#worker.traffic?.nameless.countStatus(status, page.length);
    const own = { date: dateNow(), connection: 'close', type: 'text/html', length: page.length } as const;
    const res = new ResponseWriter(this, '', false);
    res.writeHead(status, reasons[status] ?? 'Error', ownFields(own));
    res.end(page);
  }
}

/** How much of an answer the client has taken: bytes of whole writes that the kernel has, and of the present write. */
interface Progress {
  readonly taken: number;
  readonly queued: number;
}

function progressOf(socket: Socket): Progress {
  const { _handle } = socket as Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return { taken: socket.bytesWritten - socket.writableLength, queued: _handle?.writeQueueSize ?? 0 };
}
