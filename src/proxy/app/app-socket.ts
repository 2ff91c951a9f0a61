// The socket to an app, as app-connection.ts uses it, whatever it is made of. Either kind reads into one shared buffer, and reads
// to its end whatever becomes of what is written to it. Types alone.

import type { Bearer } from '../guard.ts';

/** Where an app listens: a unix socket's path, or, for servers of others in development, a TCP address. */
export type Address = string | { readonly host: string; readonly port: number };

export interface AppSocket {
  readonly isConnected: boolean;
  readonly destroyed: boolean;
  /** Text is latin-1. false: wait for `drained` before writing more. */
  write(bytes: Uint8Array | string): boolean;
  pause(): void;
  resume(): void;
  /** Nothing more will be written. */
  endWriting(): void;
  /** Milliseconds without a byte until `timedOut`; 0: never. Not while it is paused. */
  setTimeout(milliseconds: number): void;
  /** Nothing is told after it. */
  destroy(): void;
}

export interface AppSocketEvents extends Bearer {
  /** Once, unless the socket is connected from the start. After an error it is of no use. */
  connected(error: Error | null): void;
  /** A view on the shared buffer: whoever keeps it copies it. */
  read(bytes: Uint8Array): void;
  drained(): void;
  /** Nothing more will be read. */
  ended(why: string): void;
  timedOut(): void;
}
