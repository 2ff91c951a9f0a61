// Sends pieces of an open file to a client at the client's pace. Closes the file in every case.

import { close, read } from 'node:fs';
import { type Bearer, guarded } from '../guard.ts';
import type { ByteRange } from '../http/ranges.ts';
import type { Exchange, Held } from '../request/exchange.ts';
import { endTurn, takeTurn } from './file-turns.ts';

export type BodyPart = string | ByteRange;

export function sizeOf(part: BodyPart): number {
  return typeof part === 'string' ? part.length : part.end - part.start;
}

const chunkBytes = 131_072;

/** Sends texts (latin-1) and ranges in turn, then ends the answer. A file that has become shorter ends the connection. */
export function sendFileBody(exchange: Exchange, fd: number, parts: readonly BodyPart[]): void {
  new FileBody(exchange, fd, parts).start();
}

class FileBody implements Held, Bearer {
  readonly #exchange: Exchange;
  readonly #fd: number;
  readonly #parts: readonly BodyPart[];
  #part = 0;
  #at = 0;
  #reading = false;
  #over = false;

  constructor(exchange: Exchange, fd: number, parts: readonly BodyPart[]) {
    this.#exchange = exchange;
    this.#fd = fd;
    this.#parts = parts;
  }

  start(): void {
    this.#exchange.hold(this);
    this.#enter();
    this.#next();
  }

  #enter(): void {
    const part = this.#parts[this.#part];
    this.#at = typeof part === 'object' ? part.start : 0;
  }

  #next(): void {
    if (this.#over) return;
    const part = this.#parts[this.#part];
    if (part === undefined) {
      this.#exchange.release();
      this.#exchange.res.end();
    } else if (typeof part === 'string') {
      this.#write(Buffer.from(part, 'latin1'), true);
    } else {
      this.#read(part);
    }
  }

  #read(part: ByteRange): void {
    this.#reading = true;
    takeTurn(guarded(this, () => this.#readNow(part)));
  }

  #readNow(part: ByteRange): void {
    if (this.#over) {
      this.#endReading();
      close(this.#fd, () => {});
      return;
    }
    const bytes = Buffer.allocUnsafeSlow(Math.min(chunkBytes, part.end - this.#at));
    const took = (error: Error | null, size: number): void => {
      this.#endReading();
      if (this.#over) {
        close(this.#fd, () => {});
      } else if (error !== null || size === 0) {
        this.#exchange.report(`cannot send all of a file: ${error?.message ?? 'it has become shorter'}`);
        this.#exchange.abort();
      } else {
        this.#at += size;
        this.#write(bytes.subarray(0, size), this.#at === part.end);
      }
    };
    read(this.#fd, bytes, 0, bytes.length, this.#at, guarded(this, took));
  }

  #endReading(): void {
    this.#reading = false;
    endTurn();
  }

  get siteNumber(): number {
    return this.#exchange.siteNumber;
  }

  broke(error: unknown): void {
    // Other files wait for this turn.
    if (this.#reading) this.#endReading();
    this.#exchange.broke(error);
  }

  #write(bytes: Buffer, last: boolean): void {
    if (last) {
      this.#part++;
      this.#enter();
    }
    if (this.#exchange.res.write(bytes)) this.#next();
    else this.#exchange.res.onDrain(() => this.#next());
  }

  /** Sends no more, and closes the file. */
  release(): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#reading) close(this.#fd, () => {});
  }
}
