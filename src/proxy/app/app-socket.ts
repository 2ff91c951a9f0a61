// The socket to an app, as app-connection.ts uses it, whatever it is made of. Each kind reads into one shared buffer, and reads
// to its end even where a write has failed. Types alone.

import type { Bearer } from '../guard.ts';

/** Where an app listens: the path of a unix socket, or the TCP address of another server in development. */
export type Address = string | { readonly host: string; readonly port: number };

export interface AppSocket {
  readonly isConnected: boolean;
  readonly destroyed: boolean;
  /** Text is latin-1. false: wait for `drained` before the next write. */
  write(bytes: Uint8Array | string): boolean;
  pause(): void;
  resume(): void;
  /** Nothing more will be written. */
  endWriting(): void;
  /** Milliseconds without a byte until `timedOut`; 0: no limit. Time while it is paused does not count. */
  setTimeout(milliseconds: number): void;
  /** No event follows. */
  destroy(): void;
}

export interface AppSocketEvents extends Bearer {
  /** Called once, unless the socket is connected from the start. After an error the socket can be used no more. */
  connected(error: Error | null): void;
  /** A view on the shared buffer: to keep it, copy it. */
  read(bytes: Uint8Array): void;
  drained(): void;
  /**
   * Nothing more will be read. `isUnread`: the other end closed before it had read all that was written to it, which a unix socket
   * says by ECONNRESET (unix_release_sock in Linux); a TCP connection may be reset for other reasons, so it never says so.
   */
  ended(why: string, isUnread: boolean): void;
  timedOut(): void;
}
