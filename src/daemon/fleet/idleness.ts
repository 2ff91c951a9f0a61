// Since when nobody has asked anything of a program: its socket is looked at a few times in each idle_timeout, and has to have
// been quiet each time. Quiet is what the kernel says: nobody has connected, and no connection is open (a WebSocket, a stream).

import { fstatSync } from 'node:fs';
import { openConnections } from '../../linux/unix-connections.ts';
import type { UnixSocket } from '../../model/host.ts';
import { setLongTimeout } from '../own/long-timeout.ts';
import { watchConnections } from '../sockets/last-connection.ts';
import type { Sockets } from '../sockets/sockets.ts';

/** Milliseconds in which a server has closed the connection of somebody who does not count. */
const closingMs = 200;
const ownListener = 'let it serve file descriptor 3 instead: docs/servers.md';
/** Looks in one idle_timeout: so a program sleeps after between one of them and a quarter more. */
const looks = 4;

export interface Idleness {
  /** Somebody who does not count is about to connect: it is not idle before that is over. Call what it returns then. */
  interrupt(): () => void;
  end(): void;
}

export interface IdlenessListener {
  /** Called once. `since`: Unix time in milliseconds. */
  onIdle(since: number): void;
  /** Called once, when nobody can tell, with the reason and the next move. */
  onUnknown(why: string, hint: string): void;
}

/** `timeout`: seconds. */
export function watchIdleness(
  sockets: Pick<Sockets, 'held' | 'isTaken'>,
  { path }: UnixSocket,
  timeout: number,
  { onIdle, onUnknown }: IdlenessListener,
): Idleness {
  const listener = () => sockets.held().get(path);
  const connections = watchConnections(listener);
  let quietSince: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  const isBusy = () => {
    const fd = listener();
    return fd !== undefined && openConnections(fstatSync(fd).ino) > 0;
  };
  let isEnded = false;
  /** Seen before an interruption. */
  let wasVisited = false;
  let interruptions = 0;
  /** A look that waits for the end of the last interruption. */
  let postponed: (() => void) | null = null;
  const end = () => {
    isEnded = true;
    clearTimeout(timer);
    connections.end();
  };
  const giveUp = (why: string, hint: string) => {
    end();
    onUnknown(why, hint);
  };
  const look = (quiet: number) => {
    if (interruptions > 0) {
      postponed = () => look(quiet);
      return;
    }
    if (sockets.isTaken(path)) return giveUp(`a program listens at "${path}" by itself`, ownListener);
    const was = connections.wasConnected();
    if (was === null) return giveUp(connections.why(), 'hostd check');
    const isQuiet = !was && !wasVisited && !isBusy();
    wasVisited = false;
    if (!isQuiet || quietSince === null) quietSince = Date.now();
    const count = isQuiet ? quiet + 1 : 0;
    if (count >= looks) {
      end();
      return onIdle(quietSince);
    }
    timer = setLongTimeout(() => look(count), (timeout * 1000) / looks);
  };
  // What has come before it was RUNNING, the health probe among it, is no visitor's.
  look(-1);
  return {
    interrupt() {
      if (isEnded) return () => {};
      wasVisited ||= connections.wasConnected() === true;
      interruptions += 1;
      return () => {
        interruptions -= 1;
        if (isEnded) return;
        connections.wasConnected();
        if (interruptions > 0 || postponed === null) return;
        timer = setTimeout(postponed, closingMs);
        postponed = null;
      };
    },
    end,
  };
}
