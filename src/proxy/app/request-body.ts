// Takes a whole request body from the client before the app hears of it, so that a slow client costs the app nothing. The body goes to
// memory first, then to an unlinked temporary file. Knows nothing of what becomes of it.

import { close, write } from 'node:fs';
import { messageOf } from '../../errors.ts';
import type { BodyReader } from '../client/message.ts';
import { guarded } from '../guard.ts';
import type { Exchange, Held } from '../request/exchange.ts';

/** release() gives back memory and file. */
export interface Body extends Held {
  readonly length: number;
  /** The first part of the body, or all of it. */
  readonly memory: readonly Buffer[];
  /** The rest, from offset 0; null when all is in memory. */
  readonly file: { readonly fd: number; readonly length: number } | null;
}

export type Collected =
  | { readonly kind: 'body'; readonly body: Body }
  | { readonly kind: 'refused'; readonly status: number };

/** Bytes of memory that a piece costs besides its own: a body may come byte by byte. */
const pieceCost = 256;

export const noBody: Body = { length: 0, memory: [], file: null, release: () => {} };

/** Calls `done` once. Where the connection ends before that, `done` is not called and everything is released. */
export function collectBody(exchange: Exchange, limit: number, done: (collected: Collected) => void): void {
  new Collector(exchange, limit, done).start();
}

class Collector implements BodyReader, Held {
  readonly #exchange: Exchange;
  readonly #limit: number;
  readonly #done: (collected: Collected) => void;
  readonly #started = performance.now();
  #memory: Buffer[] = [];
  #taken = 0;
  #length = 0;
  #fd: number | null = null;
  #fileLength = 0;
  /** Bytes that are counted against the budget of the disk. */
  #onDisk = 0;
  readonly #network: string;
  #writing = false;
  #ended = false;
  #over = false;

  constructor(exchange: Exchange, limit: number, done: (collected: Collected) => void) {
    this.#exchange = exchange;
    this.#network = exchange.network;
    this.#limit = limit;
    this.#done = done;
  }

  start(): void {
    const exchange = this.#exchange;
    exchange.collect(this);
    exchange.req.readBody(this, this.#limit);
  }

  end(): void {
    this.#ended = true;
    // Trailers are dropped. Parsers disagree on where they end, so nothing that follows them is believed.
    if (this.#exchange.req.hasTrailers) this.#exchange.closeAfter();
    this.#settle();
  }

  tooLarge(): void {
    if (!this.#over) this.#refuse(413);
  }

  piece(bytes: Buffer): void {
    if (this.#over) return;
    this.#length += bytes.length;
    this.#exchange.received(bytes.length);
    if (this.#limit !== 0 && this.#length > this.#limit) {
      this.#refuse(413);
      return;
    }
    if (this.#isTooSlow()) {
      this.#refuse(408);
      return;
    }
    if (bytes.length === 0) return;
    const { limits, bodyBudget } = this.#exchange.worker;
    const cost = bytes.length + pieceCost;
    const fits = this.#fd === null && this.#taken + cost <= limits.bodyMemory;
    if (fits && bodyBudget.take(this.#network, cost)) {
      this.#taken += cost;
      this.#memory.push(bytes);
    } else {
      this.#spill(bytes);
    }
  }

  /** Whether the body comes too slowly. It may take its time, but not for ever. */
  #isTooSlow(): boolean {
    const { limits } = this.#exchange.worker;
    const elapsed = performance.now() - this.#started - limits.bodyGapMs;
    return elapsed > 0 && this.#length < (elapsed / 1000) * limits.bodyMinRate;
  }

  #spill(bytes: Buffer): void {
    const { bodyFiles } = this.#exchange.worker;
    if (!bodyFiles.take(this.#network, bytes.length)) {
      this.#refuse(503);
      return;
    }
    this.#onDisk += bytes.length;
    try {
      this.#fd ??= bodyFiles.open();
    } catch (error) {
      this.#noRoom(error);
      return;
    }
    this.#exchange.req.pause();
    this.#writing = true;
    this.#write(this.#fd, bytes);
  }

  #write(fd: number, bytes: Buffer): void {
    const wrote = (error: Error | null, written: number): void => {
      if (error === null) this.#fileLength += written;
      if (error === null && written < bytes.length && !this.#over) {
        this.#write(fd, bytes.subarray(written));
        return;
      }
      this.#writing = false;
      if (this.#over) {
        this.#release();
      } else if (error !== null) {
        this.#noRoom(error);
      } else {
        this.#exchange.req.resume();
        this.#settle();
      }
    };
    write(fd, bytes, 0, bytes.length, this.#fileLength, guarded(this.#exchange, wrote));
  }

  #noRoom(error: unknown): void {
    this.#exchange.report(`cannot keep a request body: ${messageOf(error)}`);
    this.#refuse(500);
  }

  #settle(): void {
    if (this.#over || !this.#ended || this.#writing) return;
    this.#over = true;
    const file = this.#fd === null ? null : { fd: this.#fd, length: this.#fileLength };
    const body = { length: this.#length, memory: this.#memory, file, release: () => this.#release() };
    this.#exchange.hold(body);
    this.#done({ kind: 'body', body });
  }

  #refuse(status: number): void {
    this.#exchange.release();
    this.#exchange.req.discard(); // so that the client gets to read the answer
    this.#done({ kind: 'refused', status });
  }

  /** Collects no more, and gives back what was collected. */
  release(): void {
    this.#over = true;
    if (!this.#writing) this.#release();
  }

  #release(): void {
    const { bodyBudget, bodyFiles } = this.#exchange.worker;
    bodyBudget.give(this.#network, this.#taken);
    bodyFiles.give(this.#network, this.#onDisk);
    this.#taken = 0;
    this.#onDisk = 0;
    this.#memory = [];
    if (this.#fd !== null) close(this.#fd, () => {});
    this.#fd = null;
  }
}
