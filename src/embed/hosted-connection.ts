// A connection of another program's server: node:http reads its requests and writes their answers.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Connection, type Intake, type Serve, timesOf } from '../proxy/client/connection.ts';
import { rest } from '../proxy/client/line-events.ts';
import type { BodyReader, ClientRequest, ClientResponse, CloseListener } from '../proxy/client/message.ts';
import { type Bearer, guarded } from '../proxy/guard.ts';
import type { Worker } from '../proxy/worker.ts';

/** The requests that a connection gets from its server. Each waits here until the one before has been answered. */
export class HostedConnection implements Intake {
  readonly connection: Connection;
  readonly #socket: Socket;
  /** Requests that node:http has read ahead. */
  #waiting: { readonly req: ClientRequest; readonly res: ClientResponse }[] = [];
  #early: Buffer | null = null;
  #isReading = false;

  constructor(worker: Worker, socket: Socket, serve: Serve) {
    const never = Number.POSITIVE_INFINITY;
    // The server decides how long it waits for a request, and may answer other requests on the same connection.
    const times = { ...timesOf(worker.limits), first: never, head: never, next: never };
    this.connection = new Connection(worker, socket, socket.localPort ?? 0, serve, times);
    this.#socket = socket;
    // node:http calls this after the last answer.
    socket.destroySoon = () => this.connection.endGently();
    this.connection.start(this);
  }

  /** A request has come. */
  add(req: IncomingMessage, res: ServerResponse): void {
    const { connection } = this;
    if (!connection.takesBytes) return;
    this.#waiting.push({ req: new HostedRequest(req, connection), res: new HostedResponse(res, connection) });
    connection.came();
  }

  /** A WebSocket's handshake has come, with the bytes `early` behind it. */
  upgrade(req: IncomingMessage, early: Buffer): void {
    this.#early = early;
    this.connection.requested('websocket', new HostedRequest(req, this.connection), null, false, false);
  }

  read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.connection.mayRead) this.#next();
    this.#isReading = false;
    this.connection.post(rest);
    if (this.#waiting.length > 0) this.pause();
  }

  readSoon(): void {
    this.read();
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.connection.requested('plain', next.req, next.res, false, this.#waiting.length > 0);
  }

  /** node:http resumes the socket at each request's end, so this has to come later. */
  pause(): void {
    const pause = (): void => {
      if (this.#waiting.length > 0) this.#socket.pause();
    };
    process.nextTick(guarded(this.connection, pause));
  }

  resume(): void {
    this.#socket.resume();
  }

  /** node:http never reports this. */
  tooLarge(): void {}

  /** node:http drops the rest by itself. */
  drop(): void {}

  stop(): Buffer {
    this.#waiting = [];
    return this.#early ?? Buffer.alloc(0);
  }
}

/** The connection that a request's body comes from. */
interface Source extends Bearer {
  /** Bytes of the body have come. */
  moved(): void;
}

class HostedRequest implements ClientRequest {
  readonly #req: IncomingMessage;
  readonly #source: Source;

  constructor(req: IncomingMessage, source: Source) {
    this.#req = req;
    this.#source = source;
  }

  get method(): string {
    return this.#req.method ?? '';
  }

  get url(): string {
    return this.#req.url ?? '';
  }

  get httpVersion(): string {
    return this.#req.httpVersion;
  }

  get rawHeaders(): readonly string[] {
    return this.#req.rawHeaders;
  }

  get complete(): boolean {
    return this.#req.complete;
  }

  get hasTrailers(): boolean {
    return this.#req.rawTrailers.length > 0;
  }

  readBody(reader: BodyReader): void {
    const came = (bytes: Buffer): void => {
      this.#source.moved();
      reader.piece(bytes);
    };
    this.#req.on('data', guarded(this.#source, came));
    this.#req.on(
      'end',
      guarded(this.#source, () => reader.end()),
    );
  }

  pause(): void {
    this.#req.pause();
  }

  resume(): void {
    this.#req.resume();
  }

  discard(): void {
    this.#req.resume();
  }
}

class HostedResponse implements ClientResponse {
  /** Without node:http's framing. */
  bodyBytes = 0;
  readonly #res: ServerResponse;
  readonly #bearer: Bearer;

  constructor(res: ServerResponse, bearer: Bearer) {
    this.#res = res;
    this.#bearer = bearer;
  }

  get keepAlive(): boolean {
    return this.#res.shouldKeepAlive;
  }

  /** node:http ends the connection itself. */
  readonly isLast = false;

  get unsent(): number {
    return this.#res.writableLength;
  }

  get isFinished(): boolean {
    return this.#res.writableFinished;
  }

  get isClosed(): boolean {
    return this.#res.destroyed || this.#res.closed;
  }

  writeInterim(text: string): void {
    if (this.#res.socket?.writable) this.#res.socket.write(text, 'latin1');
  }

  writeHead(status: number, reason: string, fields: readonly string[]): void {
    this.#res.writeHead(status, reason, [...fields]);
  }

  flushHead(): void {
    this.#res.flushHeaders();
  }

  write(bytes: Buffer): boolean {
    this.bodyBytes += bytes.length;
    return this.#res.write(bytes);
  }

  end(data?: Buffer | string): void {
    this.bodyBytes += data?.length ?? 0;
    if (typeof data === 'string') this.#res.end(data, 'latin1');
    else this.#res.end(data);
  }

  onDrain(listener: () => void): void {
    this.#res.once('drain', guarded(this.#bearer, listener));
  }

  onClose(listener: CloseListener): void {
    this.#res.once(
      'close',
      guarded(this.#bearer, () => listener.closed()),
    );
  }

  /** node:http says it in the answer. */
  close(): void {}
}
