// One request from a client's connection: its head is here, its body may still be coming.

import type { RequestParser } from './llhttp.ts';
import type { BodyReader, ClientRequest } from './message.ts';

/** Reads the body from the connection. */
export interface BodySource {
  /** More of the body is wanted; none for now; none ever. Not called once all of it has come. */
  wanted(): void;
  unwanted(): void;
  discard(): void;
}

export class IncomingRequest implements ClientRequest {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
  complete: boolean;
  hasTrailers = false;
  /** The limit that the reader has set; 0: none. */
  limit = 0;
  readonly #source: BodySource;
  #reader: BodyReader | null = null;
  #pieces: Buffer[] = [];
  #isPaused = false;
  #isDiscarded = false;
  #isEndTold = false;

  constructor(parser: RequestParser, hasBody: boolean, source: BodySource) {
    this.method = parser.method;
    this.url = parser.url;
    this.httpVersion = parser.version;
    this.rawHeaders = parser.fields;
    this.complete = !hasBody;
    this.#source = source;
  }

  get #isFlowing(): boolean {
    return this.#reader !== null && !this.#isPaused && !this.#isDiscarded;
  }

  readBody(reader: BodyReader, limit: number): void {
    this.#reader = reader;
    this.limit = limit;
    this.#flow();
  }

  pause(): void {
    this.#isPaused = true;
    if (!this.complete) this.#source.unwanted();
  }

  resume(): void {
    this.#isPaused = false;
    this.#flow();
  }

  discard(): void {
    this.#isDiscarded = true;
    this.#pieces = [];
    if (!this.complete) this.#source.discard();
  }

  /** More of the body, or of its framing, has come. */
  take(pieces: readonly Buffer[]): void {
    if (this.#isDiscarded) return;
    this.#pieces.push(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces));
    this.#flow();
  }

  /** The whole body has come. */
  end(hasTrailers: boolean): void {
    this.complete = true;
    this.hasTrailers = hasTrailers;
    this.#flow();
  }

  tooLarge(): void {
    this.#reader?.tooLarge();
  }

  #flow(): void {
    while (this.#isFlowing) {
      const piece = this.#pieces.shift();
      if (piece === undefined) break;
      this.#reader?.piece(piece);
    }
    if (!this.#isFlowing || this.#isEndTold) return;
    if (!this.complete) {
      this.#source.wanted();
      return;
    }
    this.#isEndTold = true;
    this.#reader?.end();
  }
}
