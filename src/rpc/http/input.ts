// What a client sends, in the portions that are asked for: up to an empty line, or a number of bytes. No more is read ahead than the
// kernel and one chunk hold, and the wait for each portion is bounded.

import type { Socket } from 'node:net';

const endOfHead = Buffer.from('\r\n\r\n');
/** The longest head, in bytes. */
const longestHead = 64 * 1024;
/** Milliseconds that a connection may be idle between two requests, as in Supervisor; and the same for the rest of a request. */
const idleMs = 30 * 60_000;
const requestMs = 60_000;

export class Input {
  readonly #socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | null = null;
  #deadline: NodeJS.Timeout | undefined;
  /** Whether a part of a request has come. */
  #inRequest = false;
  #isDiscarding = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (this.#isDiscarding) return;
      this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
      socket.pause();
      this.#wake?.();
    });
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on('end', end);
    socket.on('close', () => {
      clearTimeout(this.#deadline);
      end();
    });
    socket.pause();
  }

  /** The bytes before the next empty line; null: there is none, or it is too far away. */
  async head(): Promise<Buffer | null> {
    this.#inRequest = this.#buffer.length > 0;
    this.#allow(this.#inRequest ? requestMs : idleMs);
    for (let from = 0; ; ) {
      const end = this.#buffer.indexOf(endOfHead, from);
      if (end >= 0) {
        this.#allow(requestMs);
        return this.#take(end, endOfHead.length);
      }
      if (this.#buffer.length > longestHead) return null;
      from = Math.max(0, this.#buffer.length - endOfHead.length);
      if (!(await this.#more())) return null;
      if (!this.#inRequest) this.#allow(requestMs);
      this.#inRequest = true;
    }
  }

  /** A number of bytes, within the time that began with the request's head; null: they do not come. */
  async body(length: number): Promise<Buffer | null> {
    while (this.#buffer.length < length) if (!(await this.#more())) return null;
    return this.#take(length, 0);
  }

  /** The request is here. Its answer has no time limit. */
  complete(): void {
    clearTimeout(this.#deadline);
  }

  /** Drops what still comes, but notices its end. */
  discard(): void {
    this.complete();
    this.#isDiscarding = true;
    this.#buffer = Buffer.alloc(0);
    this.#socket.resume();
  }

  #take(length: number, skip: number): Buffer {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length + skip);
    return taken;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const before = this.#buffer.length;
    await new Promise<void>(resolve => {
      this.#wake = resolve;
      this.#socket.resume();
    });
    this.#wake = null;
    return this.#buffer.length > before;
  }

  #allow(ms: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#socket.destroy(), ms);
  }
}
