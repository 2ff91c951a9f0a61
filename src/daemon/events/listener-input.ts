// The standard input of a listener: a FIFO that takes what it can, and the rest when it has room. A listener is sent one event
// at a time, so no more than one event waits here.

import { closeSync } from 'node:fs';
import { native, type Watch } from '../../native/index.ts';
import { isNotNow } from '../../native/not-now.ts';

export interface ListenerInput {
  /** Whether part of an event is still to be written. */
  readonly isBehind: boolean;
  /** false: the listener has closed it. */
  write(data: Buffer): boolean;
  close(): void;
}

/** `fd` does not block. `caughtUp` is called when the rest has been written. */
export function makeListenerInput(fd: number, caughtUp: () => void): ListenerInput {
  let rest: Buffer | null = null;
  let watch: Watch | null = null;

  const push = (data: Buffer): boolean => {
    const done = native.write(fd, data);
    // EPIPE: the listener has closed its end.
    if (done < 0 && !isNotNow(done)) return false;
    rest = done === data.length ? null : data.subarray(Math.max(done, 0));
    if (rest !== null) watch ??= native.watch(fd, goOn, 1);
    return true;
  };
  const goOn = () => {
    watch = null;
    if (rest === null) return;
    // A listener that has closed its input within an event will end, or never answer. Both are noticed elsewhere.
    if (!push(rest)) rest = null;
    if (rest === null) caughtUp();
  };
  return {
    get isBehind() {
      return rest !== null;
    },
    write: data => push(rest === null ? data : Buffer.concat([rest, data])),
    close() {
      if (watch !== null) native.unwatch(watch);
      rest = null;
      closeSync(fd);
    },
  };
}
