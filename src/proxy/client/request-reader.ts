// Reads the requests of one connection, one after another: the next is not looked at before the last has been answered. What
// comes meanwhile waits, at first here and then with the client.

import type { Socket } from 'node:net';
import { Deadlines, type HasDeadline } from '../deadlines.ts';
import { guarded } from '../guard.ts';
import { readRequestHead } from '../http/request-head.ts';
import type { Limits } from '../limits.ts';
import { ChunkWatch } from './chunk-watch.ts';
import type { Connection } from './connection.ts';
import { type BodySource, IncomingRequest } from './incoming-request.ts';
import { RequestParser } from './llhttp.ts';
import { ResponseWriter } from './response-writer.ts';

/** Gives a connection over to something that is not HTTP; `early` came right behind the request. */
export type Upgrade = (connection: Connection, request: IncomingRequest, early: Buffer) => void;

/** Requests that one connection is answered in a row, where they came at once: then others have their turn. */
const mostInARow = 8;

const deadlines = new Deadlines();

export class RequestReader implements BodySource, HasDeadline {
  deadline = Number.POSITIVE_INFINITY;
  slot = -1;
  readonly #connection: Connection;
  readonly #socket: Socket;
  readonly #limits: Limits;
  readonly #upgrade: Upgrade;
  #parser: RequestParser | null = null;
  /** What has come and was not read yet. */
  #bytes: Buffer | null = null;
  /** Bytes of the head that is being read. */
  #headSize = 0;
  /** Requests that were begun since other connections had their turn. */
  #inARow = 0;
  /** The request whose body is being read. */
  #request: IncomingRequest | null = null;
  #response: ResponseWriter | null = null;
  #watch: ChunkWatch | null = null;
  #isChunked = false;
  #isReading = false;
  #isHeld = false;
  #hasEnded = false;
  /** Where the next request would begin can't be known: none is read. */
  #isLost = false;
  readonly #onData: (bytes: Buffer) => void;
  readonly #onEnd: () => void;

  constructor(connection: Connection, limits: Limits, upgrade: Upgrade) {
    this.#connection = connection;
    this.#socket = connection.socket;
    this.#limits = limits;
    this.#upgrade = upgrade;
    this.#onData = guarded(connection, (bytes: Buffer) => this.#take(bytes));
    this.#onEnd = guarded(connection, () => this.#ended());
  }

  get siteNumber(): number {
    return this.#connection.siteNumber;
  }

  broke(error: unknown): void {
    this.#connection.broke(error);
  }

  start(): void {
    this.#socket.on('data', this.#onData);
    this.#socket.on('end', this.#onEnd);
    deadlines.set(this, this.#limits.headerMs);
  }

  /** The connection has: so has the answer that was under way. */
  closed(): void {
    this.#stop();
    this.#connection.closed();
    this.#response?.close();
  }

  /** Reads no more. */
  #stop(): void {
    deadlines.remove(this);
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    this.#parser?.release();
    this.#parser = null;
    this.#bytes = null;
    this.#request = null;
  }

  /** The request that it has given to the connection has been answered. */
  answered(): void {
    this.#response = null;
    deadlines.set(this, this.#limits.idleMs);
    if (this.#isLost) this.#connection.endGently();
    else if (this.#request !== null) this.#request.discard();
    else if (this.#bytes !== null) this.readOn();
    else if (this.#hasEnded) this.#connection.endGently();
  }

  /** No request has come, or not all of its head, in the time that it has. */
  expired(): void {
    if (this.#connection.active === null) this.#connection.destroy();
  }

  #take(bytes: Buffer): void {
    if (this.#connection.isClosing || this.#isLost) return;
    if (this.#bytes === null) this.#inARow = 0;
    this.#bytes = this.#bytes === null ? bytes : Buffer.concat([this.#bytes, bytes]);
    this.#read();
  }

  #ended(): void {
    this.#hasEnded = true;
    const { active } = this.#connection;
    if (this.#bytes !== null) return;
    if (this.#isInside) this.#connection.destroy();
    else if (active === null) this.#connection.endGently();
    else active.closeAfter();
  }

  /** Whether a request has begun and not ended. */
  get #isInside(): boolean {
    return this.#request !== null || this.#headSize > 0;
  }

  /** Not now: whoever asks is in the middle of another request. */
  readOn(): void {
    if (!this.#isReading && this.#bytes !== null) queueMicrotask(guarded(this, () => this.#read()));
  }

  /** Reads on when others have had their turn. */
  #giveWay(): void {
    this.#connection.isWaiting = true;
    const goOn = (): void => {
      this.#connection.isWaiting = false;
      this.#inARow = 0;
      this.#read();
    };
    setImmediate(guarded(this, goOn));
  }

  /** Goes as far as it can. */
  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#bytes !== null && !this.#connection.isClosing && !this.#connection.isWaiting) {
      if (this.#request === null && this.#inARow === mostInARow) {
        this.#giveWay();
        break;
      }
      const isRead = this.#request === null ? this.#readHead(this.#bytes) : this.#readBody(this.#request);
      if (!isRead) break;
    }
    this.#isReading = false;
    if (this.#connection.isClosing) this.#bytes = null;
    const isHeld = this.#bytes !== null;
    if (this.#hasEnded && !isHeld && this.#isInside) this.#connection.destroy();
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.#socket.pause();
    else this.#socket.resume();
  }

  /** false: not now, or not any more. */
  #readHead(bytes: Buffer): boolean {
    if (this.#connection.active !== null) return false;
    const parser = this.#parser ?? RequestParser.take();
    this.#parser = parser;
    const { requestLine, headerTotal, headerCount, headerMs } = this.#limits;
    const used = parser.readHead(bytes, requestLine + headerTotal - this.#headSize, headerCount);
    if (used === -1) return this.#fail(statusOf(parser, bytes));
    if (this.#headSize === 0 && !parser.isHeadRead) deadlines.set(this, headerMs);
    this.#headSize += used;
    this.#bytes = used === bytes.length ? null : bytes.subarray(used);
    if (parser.isHeadRead) this.#begin(parser);
    return true;
  }

  /** Gives the request to the connection. */
  #begin(parser: RequestParser): void {
    this.#headSize = 0;
    this.#inARow += 1;
    const framing = framingOf(parser.fields);
    const request = new IncomingRequest(parser, framing !== 'none', this);
    const { keepAlive, upgrade } = parser;
    if (framing === 'none') {
      parser.release();
      this.#parser = null;
    } else {
      this.#request = request;
      this.#watch = null;
      this.#isChunked = framing === 'chunked';
    }
    if (request.method === 'CONNECT') {
      this.#fail(405);
    } else if (upgrade && framing === 'none' && isWebSocket(request, this.#limits)) {
      const early = this.#bytes ?? Buffer.alloc(0);
      this.#stop();
      this.#upgrade(this.#connection, request, early);
    } else {
      this.#response = new ResponseWriter(this.#connection, request.method, keepAlive);
      this.#connection.take(request, this.#response);
    }
  }

  #readBody(request: IncomingRequest): boolean {
    const [parser, bytes] = [this.#parser, this.#bytes];
    if (parser === null || bytes === null || !request.isWanted) return false;
    const pieces: Buffer[] = [];
    const used = parser.readBody(bytes, pieces);
    if (used === -1) return this.#failBody(request, 400);
    if (this.#isChunked && this.#exceeds(request, bytes.subarray(0, used))) {
      if (request.isDiscarded) return this.#lose();
      request.tooLarge();
    }
    if (parser.trailerSize > this.#limits.headerTotal) return this.#failBody(request, 431);
    this.#bytes = used === bytes.length ? null : bytes.subarray(used);
    request.take(pieces);
    if (!parser.isEndRead) return true;
    // Whoever took the last piece may have ended all of it.
    if (this.#request !== request) return true;
    this.#request = null;
    this.#parser = null;
    const hasTrailers = parser.trailerSize > 0;
    parser.release();
    request.end(hasTrailers);
    // Parsers disagree on where trailers end.
    return hasTrailers && request.isDiscarded ? this.#lose() : true;
  }

  #exceeds(request: IncomingRequest, bytes: Buffer): boolean {
    this.#watch ??= new ChunkWatch(request.limit);
    return this.#watch.exceeds(bytes);
  }

  /** Where the rest of a body was only read to be dropped, its request has been answered already, or is about to be. */
  #failBody(request: IncomingRequest, status: number): false {
    return request.isDiscarded ? this.#lose() : this.#fail(status);
  }

  #lose(): false {
    this.#isLost = true;
    this.#bytes = null;
    if (this.#connection.active === null) this.#connection.endGently();
    return false;
  }

  #fail(status: number): false {
    this.#bytes = null;
    this.#connection.fail(status);
    return false;
  }
}

/** How a body is framed, if there is one: for llhttp has refused whatever is at odds with itself. */
function framingOf(fields: readonly string[]): 'none' | 'length' | 'chunked' {
  let framing: 'none' | 'length' = 'none';
  for (let i = 0; i < fields.length; i += 2) {
    const { length } = fields[i] ?? '';
    if (length === 17 && fields[i]?.toLowerCase() === 'transfer-encoding') return 'chunked';
    if (length === 14 && fields[i]?.toLowerCase() === 'content-length' && Number(fields[i + 1]) !== 0)
      framing = 'length';
  }
  return framing;
}

/** Only a plain WebSocket handshake leaves HTTP; any other Upgrade is an ordinary request (RFC 9110 section 7.8). */
function isWebSocket({ method, httpVersion, rawHeaders }: IncomingRequest, limits: Limits): boolean {
  if (method !== 'GET' || httpVersion !== '1.1') return false;
  const head = readRequestHead(rawHeaders, httpVersion, limits);
  return !('refuse' in head) && head.upgrade === 'websocket';
}

function statusOf({ error, isPastLine }: RequestParser, bytes: Buffer): number {
  if (error === 'TOO_LARGE') return isPastLine ? 431 : 414;
  if (error !== 'INVALID_VERSION') return 400;
  return /^[^\n]* HTTP\/[2-9]\.\d\r?\n/.test(bytes.toString('latin1', 0, 8192)) ? 505 : 400;
}
