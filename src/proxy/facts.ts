// Tells hostd what the worker does, for as long as hostd listens; nothing depends on it.

import { Socket } from 'node:net';
import { encodeFact, type Fact } from '../protocol/worker.ts';

export type TellFact = (fact: Fact) => void;

/** `fd` is the write end of a pipe, or null. hostd may die at any time: then facts are dropped for ever. */
export function openFacts(fd: number | null): TellFact {
  if (fd === null) return () => {};
  let pipe: Socket | null = new Socket({ fd, readable: false, writable: true });
  pipe.unref();
  pipe.on('error', () => {
    pipe = null;
  });
  return fact => {
    // One unread line at a time: a hostd that stands still must not fill our memory.
    if (pipe !== null && pipe.writableLength === 0) pipe.write(encodeFact(fact));
  };
}
