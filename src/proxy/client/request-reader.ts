// Reads the requests of one client's connection from its bytes, and posts what it has read. line.ts says when it may read on.
// Bytes that were not read wait here at first, and then with the client.

import type { Socket } from 'node:net';
import { guarded } from '../guard.ts';
import { readRequestHead } from '../http/request-head.ts';
import type { Limits } from '../limits.ts';
import { ChunkWatch } from './chunk-watch.ts';
import type { Connection, Intake } from './connection.ts';
import { type BodySource, IncomingRequest } from './incoming-request.ts';
import {
  bad,
  bodyEnd,
  bodyEndWithTrailers,
  bodyPart,
  bodyPartAndMore,
  bodyTooLarge,
  discard,
  headPart,
  rest,
  unwanted,
  wanted,
} from './line-events.ts';
import { RequestParser } from './llhttp.ts';
import { ResponseWriter } from './response-writer.ts';

export class RequestReader implements Intake, BodySource {
  readonly #connection: Connection;
  readonly #socket: Socket;
  readonly #limits: Limits;
  #parser: RequestParser | null = null;
  /** Bytes that have come and were not read yet. */
  #bytes: Buffer | null = null;
  /** Bytes so far of the head that is being read. */
  #headSize = 0;
  /** The request whose body is being read. */
  #body: IncomingRequest | null = null;
  #watch: ChunkWatch | null = null;
  #isChunked = false;
  #isReading = false;
  readonly #onData: (bytes: Buffer) => void;

  constructor(connection: Connection, limits: Limits) {
    this.#connection = connection;
    this.#socket = connection.socket;
    this.#limits = limits;
    this.#onData = guarded(connection, (bytes: Buffer) => this.#came(bytes));
    this.#socket.on('data', this.#onData);
  }

  #came(bytes: Buffer): void {
    if (!this.#connection.takesBytes) return;
    this.#bytes = this.#bytes === null ? bytes : Buffer.concat([this.#bytes, bytes]);
    this.#connection.came();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  tooLarge(): void {
    this.#body?.tooLarge();
  }

  drop(): void {
    this.#body?.discard();
  }

  stop(): Buffer {
    this.#socket.off('data', this.#onData);
    this.#parser?.release();
    this.#parser = null;
    this.#body = null;
    const left = this.#bytes;
    this.#bytes = null;
    return left ?? Buffer.alloc(0);
  }

  wanted(): void {
    this.#connection.post(wanted);
  }

  unwanted(): void {
    this.#connection.post(unwanted);
  }

  discard(): void {
    this.#connection.post(discard);
  }

  /** Reads later: the caller is in the middle of another request. */
  readSoon(): void {
    if (!this.#isReading) queueMicrotask(guarded(this.#connection, () => this.read()));
  }

  /** Reads as far as it may. */
  read(): void {
    if (this.#isReading) return;
    const connection = this.#connection;
    this.#isReading = true;
    while (this.#bytes !== null && connection.mayRead) {
      if (this.#body === null) this.#readHead(this.#bytes);
      else this.#readBody(this.#body, this.#bytes);
    }
    this.#isReading = false;
    if (!connection.isHolding) this.#bytes = null;
    connection.post(rest);
  }

  #readHead(bytes: Buffer): void {
    const parser = this.#parser ?? RequestParser.take();
    this.#parser = parser;
    const { requestLine, headerTotal, headerCount } = this.#limits;
    const used = parser.readHead(bytes, requestLine + headerTotal - this.#headSize, headerCount);
    if (used === -1) {
      this.#connection.post(bad(statusOf(parser, bytes)));
      return;
    }
    this.#headSize += used;
    this.#bytes = used === bytes.length ? null : bytes.subarray(used);
    if (parser.isHeadRead) this.#headIsRead(parser);
    else this.#connection.post(headPart);
  }

  #headIsRead(parser: RequestParser): void {
    this.#headSize = 0;
    const framing = framingOf(parser.fields);
    const hasBody = framing !== 'none';
    const request = new IncomingRequest(parser, hasBody, this);
    const { keepAlive, upgrade } = parser;
    if (hasBody) {
      this.#body = request;
      this.#watch = null;
      this.#isChunked = framing === 'chunked';
    } else {
      parser.release();
      this.#parser = null;
    }
    const isHolding = this.#bytes !== null;
    let what: 'plain' | 'websocket' | 'connect' = 'plain';
    if (request.method === 'CONNECT') what = 'connect';
    else if (upgrade && !hasBody && isWebSocket(request, this.#limits)) what = 'websocket';
    const res = what === 'plain' ? new ResponseWriter(this.#connection, request.method, keepAlive) : null;
    this.#connection.requested(what, request, res, hasBody, isHolding);
  }

  #readBody(request: IncomingRequest, bytes: Buffer): void {
    const connection = this.#connection;
    const parser = this.#parser;
    if (parser === null) return;
    const pieces: Buffer[] = [];
    const used = parser.readBody(bytes, pieces);
    if (used === -1) {
      connection.post(bad(400));
      return;
    }
    if (this.#isChunked && this.#exceeds(request, bytes.subarray(0, used))) {
      connection.post(bodyTooLarge);
      if (!connection.takesBytes) return;
    }
    if (parser.trailerSize > this.#limits.headerTotal) {
      connection.post(bad(431));
      return;
    }
    this.#bytes = used === bytes.length ? null : bytes.subarray(used);
    connection.post(this.#bytes === null ? bodyPart : bodyPartAndMore);
    request.take(pieces);
    // The reader of the last piece may have ended the whole connection.
    if (!parser.isEndRead || this.#body !== request) return;
    this.#body = null;
    this.#parser = null;
    const hasTrailers = parser.trailerSize > 0;
    parser.release();
    connection.post(hasTrailers ? bodyEndWithTrailers : bodyEnd);
    request.end(hasTrailers);
  }

  #exceeds(request: IncomingRequest, bytes: Buffer): boolean {
    this.#watch ??= new ChunkWatch(request.limit);
    return this.#watch.exceeds(bytes);
  }
}

/** How a body is framed, if there is one. llhttp has refused contradictions. */
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

/** Only a plain WebSocket handshake leaves HTTP. Any other Upgrade is an ordinary request (RFC 9110 section 7.8). */
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
