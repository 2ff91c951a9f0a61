// A request, its answer and the client's connection as the rest of the worker sees them, whoever reads and writes there.
// Types, and one look at a request's fields.

import type { Socket } from 'node:net';
import type { Client } from '../http/client-address.ts';

/** The client's connection, as far as it matters to what is served on it. */
export interface ClientConnection {
  readonly socket: Socket;
  readonly remoteAddress: string;
  /** Whether the other end is a proxy whose word counts. */
  readonly trusted: boolean;
  /** Whether TLS is spoken on it. */
  readonly secure: boolean;
  /** The other end, as the client that it is unless it is a trusted proxy. */
  readonly peer: Client;
  /** Whether the answer to the present request may promise that another one is answered. */
  mayContinue(): boolean;
  /** Ends it where it stands. */
  destroy(): void;
  /** Ends it after what has been written. */
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
  /** Whether all of its body has come. */
  readonly complete: boolean;
  /** Whether fields followed its body. */
  readonly hasTrailers: boolean;
  /**
   * Hands over the body from its beginning; called once at most. `limit` in bytes (0: none) is for a body that announces more than it has sent;
   * what has come is the reader's to count.
   */
  readBody(reader: BodyReader, limit: number): void;
  pause(): void;
  resume(): void;
  /** Reads what is left of the body, and drops it. */
  discard(): void;
}

export interface BodyReader {
  /** Not called between pause() and resume(). Empty where only framing has come. */
  piece(bytes: Buffer): void;
  end(): void;
  /** A chunk has announced itself that is larger than the limit. */
  tooLarge(): void;
}

export interface ClientResponse {
  /** Whether the client's request lets the connection go on. */
  readonly keepAlive: boolean;
  /** Whether the connection is to end after it. */
  readonly isLast: boolean;
  /** Bytes that the client has not taken yet. */
  readonly unsent: number;
  /** Whether all of it has left, and whether that, or the end of the connection, has come. */
  readonly isFinished: boolean;
  readonly isClosed: boolean;
  /** Bytes of its body that were written, with what frames them; `unsent` may be some of them. */
  readonly bodyBytes: number;
  /** Sends an interim answer: its status line and fields, with the empty line, latin-1. */
  writeInterim(text: string): void;
  /** The status line and fields, name and value in turn, sent with what follows. Throws where they can't be a header. */
  writeHead(status: number, reason: string, fields: readonly string[]): void;
  /** Sends the header by itself. */
  flushHead(): void;
  /** false: the client reads more slowly; onDrain tells when it has caught up. */
  write(bytes: Buffer): boolean;
  /** A string is latin-1. Sends no body where the request or the status lets none be. */
  end(data?: Buffer | string): void;
  onDrain(listener: () => void): void;
  onClose(listener: CloseListener): void;
  /** The connection has ended. */
  close(): void;
}

/** An object, not a function: what an engine keeps of a closure made for each request outlives the request by far. */
export interface CloseListener {
  /** All of the answer has left, or the connection has ended. */
  closed(): void;
}

/** The first field of this name, in lower case, or null. */
export function fieldOf({ rawHeaders }: ClientRequest, name: string): string | null {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) return rawHeaders[i + 1] ?? null;
  }
  return null;
}
