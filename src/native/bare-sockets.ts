// The typed wrapper of bare-sockets.c. Knows nothing of HTTP, and not which app a connection is for.

import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Connections are numbers. The number of a closed one may be reused. Errors are negative: -errno. */
export interface BareSockets {
  /**
   * Called once, before anything else. All bytes are read into `buffer`, and have to be used up before `listener` returns.
   * listener(id, n, false): n bytes; 0: the other end has closed; below 0: an error. listener(id, 0, true): it can be written to.
   */
  start(buffer: Buffer, listener: (id: number, n: number, writable: boolean) => void): number;
  /** Connects at once and begins to read. -EAGAIN: the backlog is full (unix(7)). */
  open(path: string): number;
  /** 0, or an error after which nothing more is told of the connection. */
  watch(id: number, reading: boolean, writing: boolean): number;
  /** Returns the bytes taken, which may be fewer than given. Latin-1, at most `longestText` characters. */
  writeText(id: number, text: string): number;
  writeBytes(id: number, bytes: Buffer): number;
  /** shutdown(2): the other end reads to an end. */
  endWriting(id: number): void;
  close(id: number): void;
  /**
   * Sends to a socket of node:net's, without waiting. Returns the bytes taken, or -errno.
   * `text`: latin-1, at most `longestText` characters; `bytes` follow it.
   */
  send(fd: number, text: string, bytes: Buffer | null): number;
  /**
   * Ends a TCP connection, by ETIMEDOUT, whose other end acknowledges nothing for so many milliseconds (tcp(7), TCP_USER_TIMEOUT). With
   * keep-alive that holds while nothing is sent, too. 0, or an error.
   */
  limitSilence(fd: number, milliseconds: number): number;
  /** From now on only root may look into this process (prctl(2), PR_SET_DUMPABLE), and it leaves no core. 0, or an error. */
  closeMemory(): number;
  /** The target of the symbolic link that is open (O_PATH) as `fd`, latin-1; below 0: an error (readlinkat(2)). */
  readLink(fd: number): string | number;
  /** Gives the kernel back what is free of malloc's memory (malloc_trim(3)). 1: there was some. */
  trim(): 0 | 1;
  /** A file's bytes, as many as it has now, shared with other processes that map or read it; null where that fails. */
  share(fd: number): ArrayBuffer | null;
}

export const longestText = 65_535;

// The path is the same from src/native and from dist/native.
const file = join(import.meta.dirname, `../../build/linux-${process.arch}/bare-sockets.node`);

/** null: the addon was not built. node:net takes its place, at a lower rate. */
export function loadBareSockets(): BareSockets | null {
  try {
    return createRequire(import.meta.url)(file) as BareSockets;
  } catch {
    return null;
  }
}
