// Since when nobody has asked anything of a program: its socket is looked at a few times in each idle_timeout, and has to have
// been quiet each time. Quiet is what the kernel says: nobody has connected, and no connection is open (a WebSocket, a stream).

import { fstatSync } from 'node:fs';
import type { Owner } from '../../linux/paths.ts';
import { openConnections } from '../../linux/unix-connections.ts';
import type { UnixSocket } from '../../model/host.ts';
import { setLongTimeout } from '../own/long-timeout.ts';
import type { Sockets } from '../sockets/sockets.ts';

/** Looks in one idle_timeout: so a program sleeps after between one of them and a quarter more. */
const looks = 4;

export interface Idleness {
  /** Somebody who does not count is about to connect. Call what it returns when that is over. */
  interrupt(): () => void;
  end(): void;
}

export interface IdlenessListener {
  /** Called once. `since`: Unix time in milliseconds. */
  onIdle(since: number): void;
  /** Called once, when nobody can tell. */
  onUnknown(): void;
}

/** `timeout`: seconds. */
export function watchIdleness(
  sockets: Pick<Sockets, 'wasConnected' | 'held'>,
  socket: UnixSocket,
  owner: Owner,
  timeout: number,
  { onIdle, onUnknown }: IdlenessListener,
): Idleness {
  let quietSince: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  const isBusy = () => {
    const fd = sockets.held().get(socket.path);
    return fd !== undefined && openConnections(fstatSync(fd).ino) > 0;
  };
  let isEnded = false;
  /** Seen before an interruption. */
  let wasVisited = false;
  const look = (quiet: number) => {
    const was = sockets.wasConnected(socket, owner);
    if (was === null) return onUnknown();
    const isQuiet = !was && !wasVisited && !isBusy();
    wasVisited = false;
    if (!isQuiet || quietSince === null) quietSince = Date.now();
    const count = isQuiet ? quiet + 1 : 0;
    if (count >= looks) return onIdle(quietSince);
    timer = setLongTimeout(() => look(count), (timeout * 1000) / looks);
  };
  // What has come before it was RUNNING, the health probe among it, is no visitor's.
  look(-1);
  return {
    interrupt() {
      wasVisited ||= sockets.wasConnected(socket, owner) === true;
      return () => void (isEnded || sockets.wasConnected(socket, owner));
    },
    end() {
      isEnded = true;
      clearTimeout(timer);
    },
  };
}
