// A request, its answer and the client's connection as the rest of the worker sees them, with any engine that reads and writes.
// Types, and one look-up in a request's fields.

import type { Socket } from 'node:net';
import type { Client } from '../http/client-address.ts';

/** The client's connection, as far as the code that serves needs it. */
export interface ClientConnection {
  readonly socket: Socket;
  readonly remoteAddress: string;
  /** Whether the other end is a trusted proxy. */
  readonly trusted: boolean;
  /** Whether TLS is spoken on it. */
  readonly secure: boolean;
  /** The other end of the connection: the client itself, or a trusted proxy. */
  readonly peer: Client;
  /** Whether the present answer may promise that the connection goes on. */
  mayContinue(): boolean;
  /** Ends the connection at once. */
  destroy(): void;
  /** Ends the connection after what has been written. */
  endGently(): void;
}

export interface ClientRequest {
  readonly method: string;
  /** The request target, as it came. */
  readonly url: string;
  /** "1.1" */
  readonly httpVersion: string;
  /** Name, value, name, value ...; latin-1. */
  readonly rawHeaders: readonly string[];
  /** Whether the whole body has come. */
  readonly complete: boolean;
  /** Whether trailer fields followed the body. */
  readonly hasTrailers: boolean;
  /**
   * Hands over the body from its beginning. Called once at most. `limit` in bytes (0: none) is for a body that announces more than it
   * has sent. The reader counts what has come.
   */
  readBody(reader: BodyReader, limit: number): void;
  pause(): void;
  resume(): void;
  /** Reads the rest of the body, and drops it. */
  discard(): void;
}

export interface BodyReader {
  /** Not called between pause() and resume(). Empty where only framing has come. */
  piece(bytes: Buffer): void;
  end(): void;
  /** A chunk announces more than the limit. */
  tooLarge(): void;
}

export interface ClientResponse {
  /** Whether the client's request lets the connection go on. */
  readonly keepAlive: boolean;
  /** Whether the connection ends after this answer. */
  readonly isLast: boolean;
  /** Bytes that the client has not taken yet. */
  readonly unsent: number;
  /** Whether the whole answer has left; and whether it has, or the connection has ended. */
  readonly isFinished: boolean;
  readonly isClosed: boolean;
  /** Bytes of the body that were written, framing included. Some of them may still be `unsent`. */
  readonly bodyBytes: number;
  /** Sends an interim answer: its status line and fields, with the empty line, latin-1. */
  writeInterim(text: string): void;
  /** The status line and fields, name and value in turn, sent with what follows. Throws where a field can't be part of a header. */
  writeHead(status: number, reason: string, fields: readonly string[]): void;
  /** Sends the header without waiting for a body. */
  flushHead(): void;
  /** false: the client reads slowly. onDrain tells when it has caught up. */
  write(bytes: Buffer): boolean;
  /** `data`: a string is latin-1. Sends no body where the request or the status allows none. */
  end(data?: Buffer | string): void;
  onDrain(listener: () => void): void;
  onClose(listener: CloseListener): void;
  /** Ends the connection. */
  close(): void;
}

/** An object, not a function: an engine keeps what a closure can reach far longer than the request lives. */
export interface CloseListener {
  /** The whole answer has left, or the connection has ended. */
  closed(): void;
}

/** The first field of this name, or null. `name` is in lower case. */
export function fieldOf({ rawHeaders }: ClientRequest, name: string): string | null {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) return rawHeaders[i + 1] ?? null;
  }
  return null;
}
