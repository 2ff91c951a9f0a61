// A connection of a server of somebody else's, whose requests node:http has read and whose answers it writes.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Connection, type Serve } from '../proxy/client/connection.ts';
import type { BodyReader, ClientRequest, ClientResponse, CloseListener } from '../proxy/client/message.ts';
import { type Bearer, guarded } from '../proxy/guard.ts';
import type { Worker } from '../proxy/worker.ts';

export class HostedConnection extends Connection {
  /** What node:http has read ahead. */
  #waiting: { readonly req: ClientRequest; readonly res: ClientResponse }[] = [];

  constructor(worker: Worker, socket: Socket, serve: Serve) {
    super(worker, socket, socket.localPort ?? 0, serve);
    // node:http calls this after the last answer.
    socket.destroySoon = () => this.endGently();
    this.onAnswered = () => this.#next();
  }

  override take(req: ClientRequest, res: ClientResponse): void {
    if (this.active === null) {
      super.take(req, res);
      return;
    }
    this.#waiting.push({ req, res });
    this.#hold();
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.socket.resume();
      return;
    }
    this.#hold();
    super.take(next.req, next.res);
  }

  /** Reads no further while requests wait. node:http resumes at each request's end, so this has to come after that. */
  #hold(): void {
    const pause = (): void => {
      if (this.#waiting.length > 0) this.socket.pause();
    };
    process.nextTick(guarded(this, pause));
  }
}

export class HostedRequest implements ClientRequest {
  readonly #req: IncomingMessage;
  readonly #bearer: Bearer;

  /** `bearer`: the connection that it came by. */
  constructor(req: IncomingMessage, bearer: Bearer) {
    this.#req = req;
    this.#bearer = bearer;
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
    this.#req.on(
      'data',
      guarded(this.#bearer, (bytes: Buffer) => reader.piece(bytes)),
    );
    this.#req.on(
      'end',
      guarded(this.#bearer, () => reader.end()),
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

export class HostedResponse implements ClientResponse {
  /** Without what node:http frames it with. */
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
}
