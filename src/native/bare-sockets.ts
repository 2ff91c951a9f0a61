// The typed wrapper of bare-sockets.c. Knows nothing of HTTP, and of who connects to what.

import { createRequire } from 'node:module';

/** Connections are numbers; a number that was closed may be given to another. Errors are negative: -errno. */
export interface BareSockets {
  /**
   * Once, before anything else. Everything that is read is read into `buffer` and has to be used up before `listener` returns.
   * listener(id, n, false): n bytes, 0: the other end has closed, below 0: an error; listener(id, 0, true): it can be written to.
   */
  start(buffer: Buffer, listener: (id: number, n: number, writable: boolean) => void): number;
  /** Connects at once and begins to read. -EAGAIN: the backlog is full (unix(7)). */
  open(path: string): number;
  /** 0, or an error after which nothing is told of it any more. */
  watch(id: number, reading: boolean, writing: boolean): number;
  /** Bytes taken, which may be fewer than given; latin-1, at most `longestText` characters. */
  writeText(id: number, text: string): number;
  writeBytes(id: number, bytes: Buffer): number;
  /** shutdown(2): the other end reads to an end. */
  endWriting(id: number): void;
  close(id: number): void;
  /**
   * Sends to a socket that is none of these, without waiting. Bytes taken, or -errno.
   * `text`: latin-1, at most `longestText` characters; `bytes` follow it.
   */
  send(fd: number, text: string, bytes: Buffer | null): number;
  /** Nobody but root may look into this process any more (prctl(2), PR_SET_DUMPABLE), and it leaves no core. 0, or an error. */
  closeMemory(): number;
  /** Where the symbolic link leads that is open (O_PATH) as `fd`, latin-1; below 0: an error (readlinkat(2)). */
  readLink(fd: number): string | number;
  /** The first page of a file (4096 bytes, which it has to have), shared with whoever else has it; null where it can't be. */
  share(fd: number): ArrayBuffer | null;
}

export const longestText = 65_535;

// The path is the same from src/native and from dist/native.
const file = new URL(`../../build/linux-${process.arch}/bare-sockets.node`, import.meta.url).pathname;

/** null where it was not built: node:net serves in its place, at a lower rate. */
export function loadBareSockets(): BareSockets | null {
  try {
    return createRequire(import.meta.url)(file) as BareSockets;
  } catch {
    return null;
  }
}
