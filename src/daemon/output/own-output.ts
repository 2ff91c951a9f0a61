// Programs' output on hostd's own standard output or error, as in a container. Its reader may be slow. What waits for the reader is
// bounded, and beyond that the programs wait, not hostd.

import { write } from 'node:fs';
import { errnoOf } from '../../errors.ts';

/** Bytes that may wait. A program with more to write is held. */
const mostWaiting = 256 * 1024;
/** Milliseconds until a reader that takes nothing is tried again. */
const patience = 50;

export interface OwnOutput {
  /** false: no more until `whenFree` is called. */
  write(data: Buffer, whenFree: () => void): boolean;
}

/** `fd` is hostd's own 1 or 2. */
export function makeOwnOutput(fd: 1 | 2): OwnOutput {
  const queue: Buffer[] = [];
  const held = new Set<() => void>();
  let waiting = 0;
  let busy = false;

  const next = () => {
    const data = queue[0];
    if (data === undefined || busy) return;
    busy = true;
    write(fd, data, 0, data.length, null, (error, written) => {
      busy = false;
      if (errnoOf(error) === 'EAGAIN') {
        setTimeout(next, patience);
        return;
      }
      // Nobody reads there any more. The output is lost, as it would be without hostd.
      const done = error === null ? written : data.length;
      waiting -= done;
      if (done === data.length) queue.shift();
      else queue[0] = data.subarray(done);
      if (waiting < mostWaiting / 2) {
        const free = [...held];
        held.clear();
        for (const tell of free) tell();
      }
      next();
    });
  };
  return {
    write(data, whenFree) {
      queue.push(data);
      waiting += data.length;
      next();
      if (waiting < mostWaiting) return true;
      held.add(whenFree);
      return false;
    },
  };
}
