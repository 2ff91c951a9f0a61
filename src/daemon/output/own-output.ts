// Programs' output on hostd's own standard output or error, as in a container. Whoever reads there may be slow: what waits for it
// is bounded, and the programs wait then, not hostd.

import { write } from 'node:fs';
import { errnoOf } from '../../errors.ts';

/** Bytes that wait; a program whose piece is beyond that is held. */
const mostWaiting = 256 * 1024;
/** Milliseconds until a reader that takes nothing more for the moment is asked again. */
const patience = 50;

export interface OwnOutput {
  /** false: `whenFree` is called once there is room again. */
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
      // Nobody reads there any more: it is lost, as it would be for the program itself.
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
