// Tells hostd what the worker does, or the next hostd what it has done meanwhile. The worker depends on none of it.

import { Socket } from 'node:net';
import { encodeFact, type Fact } from '../protocol/worker.ts';

/** Tells hostd all of the facts, or none: false when hostd has not yet read the facts of the last call. */
export type TellFact = (...facts: readonly Fact[]) => boolean;

export interface Facts {
  readonly tell: TellFact;
  /** Resolves when hostd has read everything, which may be never. */
  drained(): Promise<void>;
}

/**
 * `fd` is hostd's FIFO, open for reading and writing, or null. hostd may die at any time: then facts wait in the FIFO for the next hostd, as
 * many as there is room for. Of an anonymous pipe only this end would be left, and facts would be dropped for ever.
 */
export function openFacts(fd: number | null): Facts {
  let pipe = fd === null ? null : new Socket({ fd, readable: false, writable: true });
  pipe?.unref();
  pipe?.on('error', () => {
    pipe = null;
  });
  return {
    tell: (...facts) => {
      if (pipe === null) return true;
      // One unread round at a time: a hostd that stands still must not fill our memory.
      if (pipe.writableLength > 0) return false;
      pipe.write(facts.map(encodeFact).join(''));
      return true;
    },
    drained: () =>
      new Promise(resolve => {
        if (pipe === null || pipe.writableLength === 0) return resolve();
        pipe.once('drain', resolve);
        pipe.once('error', () => resolve());
      }),
  };
}
