// supervisord's log on its standard output. A reader that stalls does not stop supervisord: once it has begun, lines are written by
// another thread, and those beyond a bound are dropped.

import { write, writeSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';

export interface Echo {
  write(line: string): void;
  /** The start is over: from now on a reader that stalls is not waited for. */
  begun(): void;
  /** Writes what still waits, before the process ends. */
  flush(): void;
  /** Calls back when all lines are written, or after a moment in which the reader has stalled. */
  settle(then: () => void): void;
}

/** Milliseconds for a stalled reader at the end. */
const lastMs = 500;
/** Milliseconds until a reader that takes nothing is tried again. */
const patience = 50;
/** Characters that wait for a stalled reader. */
const mostWaiting = 4 * 1024 * 1024;

/**
 * A line that is under way on another thread cannot be waited for at the end of a process, so a later one would come first, or it
 * would be lost: lines of the start are written at once, since it can end at any of them.
 */
export function openEcho(fd: number): Echo {
  let waiting = '';
  let isStarting = true;
  let isUnderWay = false;
  let whenDone: (() => void) | null = null;

  const next = () => {
    if (isUnderWay) return;
    if (waiting === '') {
      whenDone?.();
      whenDone = null;
      return;
    }
    const bytes = Buffer.from(waiting);
    waiting = '';
    isUnderWay = true;
    send(bytes);
  };
  const send = (bytes: Buffer) => {
    write(fd, bytes, 0, bytes.length, null, (error, written) => {
      if (errnoOf(error) === 'EAGAIN') {
        setTimeout(send, patience, bytes);
        return;
      }
      // Nobody reads there any more. The lines are lost.
      if (error === null && written < bytes.length) return send(bytes.subarray(written));
      isUnderWay = false;
      next();
    });
  };
  /** Returns what could not be written. */
  const writeNow = (text: string): string => {
    const bytes = Buffer.from(text);
    try {
      return bytes.subarray(writeSync(fd, bytes)).toString();
    } catch {
      return text;
    }
  };
  return {
    write(line) {
      if (waiting.length + line.length > mostWaiting) return;
      waiting += isStarting && !isUnderWay && waiting === '' ? writeNow(line) : line;
      next();
    },
    begun() {
      isStarting = false;
    },
    flush() {
      if (waiting !== '') waiting = writeNow(waiting);
    },
    settle(then) {
      if (!isUnderWay) return then();
      const late = setTimeout(then, lastMs);
      whenDone = () => {
        clearTimeout(late);
        then();
      };
    },
  };
}
