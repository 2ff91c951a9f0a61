// Takes a whole request body from the client before the app hears of it, so that a slow client costs the app nothing: in
// memory, then in an unlinked temporary file. Knows nothing of where it goes.

import { randomBytes } from 'node:crypto';
import { close, openSync, unlinkSync, write } from 'node:fs';
import type { Socket } from 'node:net';

import { messageOf } from '../errors.ts';
import { afterHeader, ChunkWatch } from './chunk-watch.ts';
import type { Exchange } from './exchange.ts';

export interface Body {
  readonly length: number;
  /** The beginning, or all of it. */
  readonly memory: readonly Buffer[];
  /** The rest, from offset 0; null when all is in memory. */
  readonly file: { readonly fd: number; readonly length: number } | null;
  /** Gives back memory and file. */
  release(): void;
}

export type Collected =
  | { readonly kind: 'body'; readonly body: Body }
  | { readonly kind: 'refused'; readonly status: number };

export const noBody: Body = { length: 0, memory: [], file: null, release: () => {} };

/** Calls `done` once, unless the connection ends first; then `exchange.onEnd` has released everything. */
export function collectBody(exchange: Exchange, limit: number, done: (collected: Collected) => void): void {
  new Collector(exchange, limit, done).start();
}

class Collector {
  readonly #exchange: Exchange;
  readonly #limit: number;
  readonly #done: (collected: Collected) => void;
  readonly #started = performance.now();
  #memory: Buffer[] = [];
  #taken = 0;
  #length = 0;
  #fd: number | null = null;
  #fileLength = 0;
  #writing = false;
  #ended = false;
  #over = false;

  constructor(exchange: Exchange, limit: number, done: (collected: Collected) => void) {
    this.#exchange = exchange;
    this.#limit = limit;
    this.#done = done;
  }

  start(): void {
    const exchange = this.#exchange;
    exchange.phase = 'body';
    exchange.connection.socket.setTimeout(exchange.worker.limits.bodyGapMs);
    exchange.onEnd = () => this.#abandon();
    if (exchange.accepted?.head.chunked) this.#watchChunks();
    exchange.req.on('data', (bytes: Buffer) => this.#take(bytes));
    exchange.req.on('end', () => {
      this.#ended = true;
      // Trailers are dropped, and where parsers disagree on their end, so nothing that follows them is believed.
      if (exchange.req.rawTrailers.length > 0) exchange.closeAfter();
      this.#settle();
    });
  }

  /** The parser takes a chunk of any size, and then waits for it: see what is announced as it passes by. */
  #watchChunks(): void {
    const { req, connection } = this.#exchange;
    const { parser } = connection.socket as Socket & { readonly parser?: { getCurrentBuffer?(): Buffer } };
    const packet = parser?.getCurrentBuffer?.();
    const begun = packet && afterHeader(packet, `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`);
    if (begun === null || begun === undefined) return;
    const watch = new ChunkWatch(this.#limit);
    const look = (bytes: Buffer): void => {
      if (this.#over || this.#ended) connection.socket.off('data', look);
      else if (watch.exceeds(bytes)) this.#refuse(413);
    };
    // Not at once: the exchange is still being set up by whoever called.
    queueMicrotask(() => look(begun));
    connection.socket.on('data', look);
  }

  #take(bytes: Buffer): void {
    if (this.#over) return;
    this.#length += bytes.length;
    this.#exchange.receivedBytes = this.#length;
    if (this.#limit !== 0 && this.#length > this.#limit) {
      this.#refuse(413);
      return;
    }
    if (this.#isTooSlow()) {
      this.#refuse(408);
      return;
    }
    const { limits, bodyBudget } = this.#exchange.worker;
    const fits = this.#fd === null && this.#taken + bytes.length <= limits.bodyMemory;
    if (fits && bodyBudget.take(bytes.length)) {
      this.#taken += bytes.length;
      this.#memory.push(bytes);
    } else {
      this.#spill(bytes);
    }
  }

  /** A body may take its time, not for ever. */
  #isTooSlow(): boolean {
    const { limits } = this.#exchange.worker;
    const elapsed = performance.now() - this.#started - limits.bodyGapMs;
    return elapsed > 0 && this.#length < (elapsed / 1000) * limits.bodyMinRate;
  }

  #spill(bytes: Buffer): void {
    try {
      this.#fd ??= openUnlinked(this.#exchange.worker.temporaryDirectory);
    } catch (error) {
      this.#noRoom(error);
      return;
    }
    this.#exchange.req.pause();
    this.#writing = true;
    this.#write(this.#fd, bytes);
  }

  #write(fd: number, bytes: Buffer): void {
    write(fd, bytes, 0, bytes.length, this.#fileLength, (error, written) => {
      if (error === null) this.#fileLength += written;
      if (error === null && written < bytes.length && !this.#over)
        return this.#write(fd, bytes.subarray(written));
      this.#writing = false;
      if (this.#over) {
        this.#release();
        return;
      }
      if (error !== null) return this.#noRoom(error);
      this.#exchange.req.resume();
      this.#settle();
    });
  }

  #noRoom(error: unknown): void {
    this.#exchange.report(`cannot keep a request body: ${messageOf(error)}`);
    this.#refuse(500);
  }

  #settle(): void {
    if (this.#over || !this.#ended || this.#writing) return;
    this.#over = true;
    const { connection, worker } = this.#exchange;
    connection.socket.setTimeout(worker.limits.writeGapMs);
    const file = this.#fd === null ? null : { fd: this.#fd, length: this.#fileLength };
    const body = { length: this.#length, memory: this.#memory, file, release: () => this.#release() };
    this.#exchange.onEnd = body.release;
    this.#done({ kind: 'body', body });
  }

  #refuse(status: number): void {
    this.#abandon();
    this.#exchange.onEnd = null;
    this.#exchange.req.resume(); // what still comes is read and dropped while the client reads the answer
    this.#done({ kind: 'refused', status });
  }

  #abandon(): void {
    this.#over = true;
    if (!this.#writing) this.#release();
  }

  #release(): void {
    this.#exchange.worker.bodyBudget.give(this.#taken);
    this.#taken = 0;
    this.#memory = [];
    if (this.#fd !== null) close(this.#fd, () => {});
    this.#fd = null;
  }
}

/** A file that nobody else can open, and that is gone with its last fd. Throws what open(2) says. */
function openUnlinked(directory: string): number {
  const path = `${directory}/hostd-proxy-${randomBytes(12).toString('hex')}`;
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return fd;
}
