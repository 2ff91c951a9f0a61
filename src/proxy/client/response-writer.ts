// Writes one answer to the client's connection: header, body, framing. Its owner decides whether the connection goes on.

import type { Socket } from 'node:net';
import { type Bearer, guarded } from '../guard.ts';
import type { ClientResponse, CloseListener } from './message.ts';
import { sendNow } from './send-now.ts';

/** Characters that a field's value or a reason must not have (RFC 9110 section 5.5). */
const unfit = /[^\t\x20-\x7e\x80-\xff]/;

/** The client's connection. */
export interface Outlet extends Bearer {
  readonly socket: Socket;
  /** Whether TLS is spoken on it. */
  readonly secure: boolean;
  /** The client has not taken all of an answer at once. */
  unsent(): void;
}

export class ResponseWriter implements ClientResponse {
  readonly keepAlive: boolean;
  isLast = false;
  isFinished = false;
  isClosed = false;
  bodyBytes = 0;
  readonly #socket: Socket;
  readonly #outlet: Outlet;
  /** Whether the request is a HEAD, whose answer has no body. */
  readonly #isHead: boolean;
  /** The header, until it goes out with the body's first bytes. */
  #head = '';
  #isBodyless = false;
  #isChunked = false;
  #isEnded = false;
  readonly #listeners: CloseListener[] = [];

  constructor(outlet: Outlet, method: string, keepAlive: boolean) {
    this.#outlet = outlet;
    this.#socket = outlet.socket;
    this.#isHead = method === 'HEAD';
    this.keepAlive = keepAlive;
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  writeInterim(text: string): void {
    if (this.#socket.writable) this.#socket.write(text, 'latin1');
  }

  writeHead(status: number, reason: string, fields: readonly string[]): void {
    this.isLast = false;
    this.#isChunked = false;
    if (unfit.test(reason)) throw new Error('its reason has a character that may not be there');
    let head = `HTTP/1.1 ${status} ${reason}\r\n`;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] ?? '';
      const value = fields[i + 1] ?? '';
      if (unfit.test(value)) throw new Error(`"${name}" has a character that may not be there`);
      if (name === 'Connection') this.isLast = value === 'close';
      else if (name === 'Transfer-Encoding') this.#isChunked = true;
      head += `${name}: ${value}\r\n`;
    }
    this.#isBodyless = this.#isHead || status === 204 || status === 304;
    this.#head = `${head}\r\n`;
  }

  flushHead(): void {
    const head = this.#takeHead();
    if (head === '') return;
    this.#socket.write(head, 'latin1');
    this.#isLeft();
  }

  write(bytes: Buffer): boolean {
    const socket = this.#socket;
    const size = this.#isChunked ? `${bytes.length.toString(16)}\r\n` : '';
    this.bodyBytes += bytes.length + (this.#isChunked ? size.length + 2 : 0);
    const before = this.#takeHead() + size;
    if (before === '') {
      socket.write(bytes);
    } else {
      socket.cork();
      socket.write(before, 'latin1');
      socket.write(bytes);
      if (this.#isChunked) socket.write('\r\n', 'latin1');
      socket.uncork();
    }
    this.#isLeft();
    return !socket.writableNeedDrain;
  }

  #send(text: string, bytes: Buffer | null): void {
    const size = text.length + (bytes?.length ?? 0);
    if (size === 0) return;
    const socket = this.#socket;
    const sent = this.#outlet.secure ? 0 : sendNow(socket, text, bytes);
    if (sent === size) return;
    socket.cork();
    if (sent < text.length) socket.write(text.slice(sent), 'latin1');
    if (bytes !== null) socket.write(bytes.subarray(Math.max(0, sent - text.length)));
    socket.uncork();
  }

  #isLeft(): void {
    if (this.#socket.writableLength > 0) this.#outlet.unsent();
  }

  end(data: Buffer | string = ''): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const body = this.#isBodyless ? '' : data;
    if (this.#isChunked && !this.#isBodyless) {
      if (body.length > 0) this.write(typeof body === 'string' ? Buffer.from(body, 'latin1') : body);
      this.bodyBytes += 5;
      this.#socket.write(`${this.#takeHead()}0\r\n\r\n`, 'latin1');
    } else if (typeof body === 'string') {
      this.bodyBytes += body.length;
      this.#send(this.#takeHead() + body, null);
    } else {
      this.bodyBytes += body.length;
      this.#send(this.#takeHead(), body);
    }
    if (this.#socket.writableLength === 0) {
      this.#finished();
    } else {
      this.#outlet.unsent();
      const left = (error?: Error | null): void => {
        if (error == null) this.#finished();
      };
      this.#socket.write('', 'latin1', guarded(this.#outlet, left));
    }
  }

  /** Sends bytes that are no HTTP, after a 101. */
  pass(bytes: Buffer): void {
    this.bodyBytes += bytes.length;
    this.#socket.write(bytes);
  }

  onDrain(listener: () => void): void {
    this.#socket.once('drain', guarded(this.#outlet, listener));
  }

  onClose(listener: CloseListener): void {
    this.#listeners.push(listener);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const listener of this.#listeners.splice(0)) listener.closed();
  }

  #finished(): void {
    this.isFinished = !this.isClosed;
    this.close();
  }

  #takeHead(): string {
    const head = this.#head;
    this.#head = '';
    return head;
  }
}
