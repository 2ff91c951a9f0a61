// One client's connection: makes happen what line.ts decides, and holds the one timer that it needs. Knows nothing of what a
// request asks for, nor of how one is read.

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
import {
  type Awaited,
  type Effect,
  isIdle,
  type Line,
  type LineEvent,
  mayContinue,
  mayRead,
  next,
  opened,
  type Stage,
  takesBytes,
} from './line.ts';
import type { ClientRequest, ClientResponse } from './message.ts';
import { type Outlet, ResponseWriter } from './response-writer.ts';
import { EarlyBytes, Tunnel, type TunnelOwner } from './tunnel.ts';

/** What answers a request; `tunnel` is there for a WebSocket's. */
export type Serve = (exchange: Exchange, tunnel?: MakeTunnel | null) => void;

/** A request that was read. */
export interface Incoming {
  readonly req: ClientRequest;
  /** Where its answer goes; null: it is a WebSocket's. */
  readonly res: ClientResponse | null;
}

/** Where a connection's requests come from. It posts what it has read, as far as mayRead() lets it. */
export interface Intake {
  /** The request that was posted last, once. */
  take(): Incoming | null;
  /** Reads on: now, or when whoever serves a request has done what it does. */
  read(): void;
  readSoon(): void;
  /** No more is to come from the socket for now; more is. */
  pause(): void;
  resume(): void;
  /** Tells whoever takes the body that it is too large. */
  tooLarge(): void;
  /** Reads what is left of the body, and drops it. */
  drop(): void;
  /** Reads no more. Returns what is here and was not read. */
  stop(): Buffer;
}

/** Milliseconds that each thing is waited for. */
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
  #line: Line = opened().line;
  #active: Exchange | null = null;
  /** Bytes read by the end of the last exchange: more are the beginning of another request. */
  #bytesServed = 0;
  /** What the client had taken when that was last looked at. */
  #progress: Progress = { taken: 0, queued: 0 };

  /** `localPort`: the one that it came in by. */
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

  /** Serves the requests that come from there. */
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
    this.#perform(opened().effects);
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
      if (whose !== null && whose === this.#active && !whose.sent && !this.isEnding) {
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

  /** Something has happened on it. */
  post(event: LineEvent): void {
    const { line, effects } = next(this.#line, event);
    this.#line = line;
    this.#perform(effects);
  }

  get stage(): Stage | null {
    return this.#line.stage;
  }

  get isEnding(): boolean {
    return this.#line.isEnding;
  }

  /** Whether its reader may read on in what it holds. */
  get mayRead(): boolean {
    return mayRead(this.#line);
  }

  get takesBytes(): boolean {
    return takesBytes(this.#line);
  }

  get isHolding(): boolean {
    return this.#line.isHolding;
  }

  mayContinue(): boolean {
    return mayContinue(this.#line, this.#worker.limits.requestsPerConnection);
  }

  enters(stage: Stage): void {
    this.post(stages[stage]);
  }

  moved(): void {
    this.post(moved);
  }

  /** Something of an answer is left that the client has not taken at once. */
  unsent(): void {
    this.post(unsent);
  }

  finished(ended: EndedExchange): void {
    record(this.#worker, ended);
    this.#active = null;
    this.#bytesServed = this.socket.bytesRead;
    this.post(ended.isLast ? answeredLast : answered);
  }

  /** Makes room: whether it was idle, and has ended. */
  closeIfIdle(): boolean {
    if (!isIdle(this.#line)) return false;
    this.destroy();
    return true;
  }

  /** The worker goes. `isPatient`: one that is idle stays for a moment, for a client that asks again and again would be met by its end. */
  drain(isPatient: boolean): void {
    const isQuiet = this.socket.bytesRead === this.#bytesServed;
    this.post({ kind: 'drain', isPatient, isQuiet });
  }

  endGently(): void {
    this.post(end);
  }

  destroy(): void {
    this.post(destroy);
  }

  /** What was awaited has not come in time. */
  expired(): void {
    const before = this.#progress;
    const { taken, queued } = progressOf(this.socket);
    const isUnsent = this.socket.writableLength > 0;
    this.post({ kind: 'late', isUnsent, hasMoved: taken !== before.taken || queued !== before.queued });
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
        setImmediate(guarded(this, () => this.post(turn)));
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
        // Bytes that still come would turn into a reset that can overtake the answer. Once the client ends too, the socket is gone.
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
    const incoming = this.#intake?.take() ?? null;
    if (incoming === null || incoming.res === null) return;
    this.#active = new Exchange(this.#worker, this, incoming.req, incoming.res);
    this.#serve(this.#active);
  }

  /** A WebSocket's handshake; nobody reads requests any more. */
  #upgrade(): void {
    const req = this.#intake?.take()?.req ?? null;
    if (this.#intake === null || req === null) return;
    const waiting = new EarlyBytes(this, this.#intake.stop());
    const res = new ResponseWriter(this, req.method, false);
    const exchange = new Exchange(this.#worker, this, req, res);
    this.#active = exchange;
    this.#serve(exchange, (head, app) => new Tunnel(this, exchange, res, app, head, waiting.take()));
  }

  /** Nothing is known of the request that could not be read. */
  #refuse(status: number): void {
    const page = this.#worker.errorPages?.find(null, status) ?? errorPage(status, null);
    this.#worker.traffic?.nameless.countStatus(status, page.length);
    const own = { date: dateNow(), connection: 'close', type: 'text/html', length: page.length } as const;
    const res = new ResponseWriter(this, '', false);
    res.writeHead(status, reasons[status] ?? 'Error', ownFields(own));
    res.end(page);
  }
}

const ended: LineEvent = { kind: 'ended' };
const turn: LineEvent = { kind: 'turn' };
const answered: LineEvent = { kind: 'answered', isLast: false };
const answeredLast: LineEvent = { kind: 'answered', isLast: true };
const moved: LineEvent = { kind: 'moved' };
const unsent: LineEvent = { kind: 'unsent' };
const end: LineEvent = { kind: 'end' };
const destroy: LineEvent = { kind: 'destroy' };
const stages: Readonly<Record<Stage, LineEvent>> = {
  body: { kind: 'stage', stage: 'body' },
  app: { kind: 'stage', stage: 'app' },
  send: { kind: 'stage', stage: 'send' },
  tunnel: { kind: 'stage', stage: 'tunnel' },
};

/** How far a client has come with what was sent: bytes of whole writes that the kernel has, and of the write that is under way. */
interface Progress {
  readonly taken: number;
  readonly queued: number;
}

function progressOf(socket: Socket): Progress {
  const { _handle } = socket as Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return { taken: socket.bytesWritten - socket.writableLength, queued: _handle?.writeQueueSize ?? 0 };
}
