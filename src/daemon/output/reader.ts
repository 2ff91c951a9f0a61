// One FIFO that a run writes to, read a piece at a time, with a turn of the event loop after each. A run that writes without end
// waits for the others, and costs hostd one buffer.

import { closeSync } from 'node:fs';
import { native, type Watch } from '../../native/index.ts';
import { isNotNow } from '../../native/not-now.ts';

/** Bytes that are read at once: as much as a FIFO holds, pipe(7). */
const piece = 64 * 1024;
/** Pieces that are read after the run's end. A run may have made its FIFO larger (F_SETPIPE_SZ) than it should be. */
const mostAtTheEnd = 64;

/** Handles a piece. Returns false when it can take no more until `resume` is called. */
export type Hear = (data: Buffer) => boolean;

export interface Reader {
  resume(): void;
  /** Nobody writes any more: handles what is left, and closes. */
  finish(): void;
}

/** `mayRead` is asked before each piece; when it says no, nothing is read until `resume` is called. */
export function readPipe(fd: number, hear: Hear, mayRead: () => boolean = () => true): Reader {
  let watch: Watch | null = null;
  let state: 'reading' | 'held' | 'over' = 'reading';
  const buffer = Buffer.allocUnsafe(piece);

  /** Reads a piece. Returns whether there may be more. */
  const read = (): boolean => {
    const length = readNow(fd, buffer);
    if (length === 0) return false;
    // A copy, since `hear` may keep it.
    if (length !== null && !hear(Buffer.from(buffer.subarray(0, length))))
      state = state === 'over' ? 'over' : 'held';
    return true;
  };
  const look = () => {
    if (!mayRead()) state = 'held';
    // At the end of the file no process has the FIFO open for writing.
    const goesOn = state === 'reading' && read();
    if (!goesOn || state !== 'reading') rest();
  };
  const arm = () => {
    if (state === 'reading') watch ??= native.watch(fd, look, 0, 1);
  };
  const rest = () => {
    if (watch !== null) native.unwatch(watch);
    watch = null;
  };
  arm();
  return {
    resume() {
      if (state === 'held') state = 'reading';
      arm();
    },
    finish() {
      if (state === 'over') return;
      rest();
      state = 'over';
      for (let count = 0; count < mostAtTheEnd; count++) {
        const length = readNow(fd, buffer);
        if (length === null || length === 0) break;
        hear(Buffer.from(buffer.subarray(0, length)));
      }
      closeSync(fd);
    },
  };
}

/** 0: the end, or an error. null: there is nothing now. */
function readNow(fd: number, buffer: Buffer): number | null {
  const count = native.read(fd, buffer);
  return isNotNow(count) ? null : Math.max(count, 0);
}
