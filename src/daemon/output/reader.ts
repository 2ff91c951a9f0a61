// One FIFO that a run writes to, read a piece at a time, with a turn of the event loop after each: whoever writes without end
// waits for the others like everybody, and costs hostd one buffer.

import { closeSync, readSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { native, type Watch } from '../../native/index.ts';

/** Read at once, in bytes: as much as a FIFO holds, pipe(7). */
const piece = 64 * 1024;
/** A run may have made its FIFO larger (F_SETPIPE_SZ): what is read when it has ended is bounded by what it was allowed. */
const mostAtTheEnd = 64;

/** What is done with a piece; it returns false when it can take no more until `resume` is called. */
export type Hear = (data: Buffer) => boolean;

export interface Reader {
  resume(): void;
  /** Nobody writes any more: hears what is left, and closes. */
  finish(): void;
}

export function readPipe(fd: number, hear: Hear): Reader {
  let watch: Watch | null = null;
  let state: 'reading' | 'held' | 'over' = 'reading';
  const buffer = Buffer.allocUnsafe(piece);

  /** Whether there may be more. */
  const read = (): boolean => {
    const length = readNow(fd, buffer);
    if (length === 0) return false;
    // A copy of its own: who hears it may keep it.
    if (length !== null && !hear(Buffer.from(buffer.subarray(0, length))))
      state = state === 'over' ? 'over' : 'held';
    return true;
  };
  const look = () => {
    watch = null;
    // At its end, nobody has it open for writing any more, and nobody can open it.
    if (state === 'reading' && read()) arm();
  };
  const arm = () => {
    if (state === 'reading') watch ??= native.watch(fd, look);
  };
  arm();
  return {
    resume() {
      if (state === 'held') state = 'reading';
      arm();
    },
    finish() {
      if (state === 'over') return;
      if (watch !== null) native.unwatch(watch);
      watch = null;
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

/** 0: the end, or it cannot be read. null: there is nothing now. */
function readNow(fd: number, buffer: Buffer): number | null {
  try {
    return readSync(fd, buffer, 0, buffer.length, null);
  } catch (error) {
    return errnoOf(error) === 'EAGAIN' ? null : 0;
  }
}
