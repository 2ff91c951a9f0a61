// Waits for a program's requirements: that a service accepts connections on its socket. Nothing is read from it.

import { connect, type Socket } from 'node:net';
import type { Requirement } from '../../model/host.ts';

/** Milliseconds: between two tries, at first and at most; for one try. */
const firstPause = 100;
const longestPause = 2000;
const longestTry = 2000;

export interface Wait {
  /** Gives up. Nothing is called any more. */
  cancel(): void;
}

/** Calls `onMet` once all services accept connections. Until then `onWait` is told which does not, and why. */
export function awaitRequirements(
  requirements: readonly Requirement[],
  onWait: (what: string) => void,
  onMet: () => void,
): Wait {
  let cancelled = false;
  let timer: NodeJS.Timeout | undefined;
  let trying: Socket | undefined;
  const next = (index: number, pause: number) => {
    const requirement = requirements[index];
    if (requirement === undefined) {
      onMet();
      return;
    }
    trying = tryOnce(requirement, error => {
      if (error === null) {
        next(index + 1, firstPause);
        return;
      }
      onWait(`${requirement.name}: ${error}`);
      // The callback has cancelled the wait.
      if (cancelled) return;
      timer = setTimeout(() => next(index, Math.min(2 * pause, longestPause)), pause);
    });
  };
  next(0, firstPause);
  return {
    cancel() {
      cancelled = true;
      clearTimeout(timer);
      trying?.destroy();
    },
  };
}

function tryOnce(requirement: Requirement, callback: (error: string | null) => void): Socket {
  const { address } = requirement;
  const socket = connect(
    'path' in address ? { path: address.path } : { host: address.host, port: address.port },
  );
  let told = false;
  const tell = (error: string | null) => {
    socket.destroy();
    if (told) return;
    told = true;
    callback(error);
  };
  socket.setTimeout(longestTry, () => tell('no answer'));
  socket.on('connect', () => tell(null));
  socket.on('error', (error: NodeJS.ErrnoException) => tell(error.code ?? error.message));
  return socket;
}
