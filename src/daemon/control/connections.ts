// How many connections the control socket serves at once. A connection beyond that gets the reason in answer to its first request,
// and is closed. It takes nothing from the connections before it.

import type { Socket } from 'node:net';
import type { Peer } from '../../native/index.ts';
import { whoAsks } from '../callers/audit.ts';
import { makeShares } from '../callers/shares.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';

/** Connections of one caller other than root, and of all such callers. Each needs a descriptor or more of hostd's. */
const most = { each: 64, all: 192 };
/** Milliseconds in which a refused connection can make its request, and how many refused connections wait for that. */
const patience = 1000;
const mostWaiting = 16;

export const tooMany = 'end some: hostctl logs -f, exec and shell keep theirs open';

export interface Connections {
  /** Called with a connection that has just come. */
  admit(socket: Socket, caller: Peer): void;
  /** Why the connection is not served; undefined: it is. */
  refusal(socket: Socket): string | undefined;
}

export function makeConnections(log: Logger, tell: Tell): Connections {
  const shares = makeShares(most);
  const refused = new WeakMap<Socket, string>();
  /** Users whose refusal is in the log already. */
  const said = new Set<number>();
  let waiting = 0;
  return {
    refusal: socket => refused.get(socket),
    admit(socket, caller) {
      const { uid } = caller;
      const share = shares.take(uid);
      if (typeof share === 'function') {
        said.delete(uid);
        socket.on('close', share);
        return;
      }
      if (!said.has(uid)) log.warn(whoAsks(caller), 'control: connections are refused: too many are open');
      if (!said.has(uid)) tell({ kind: 'bound', name: 'hostd', cause: refusedConnections(caller) });
      said.add(uid);
      const whose = share === 'each' ? `you have ${most.each}` : `operators have ${most.all}`;
      refused.set(socket, `cannot serve another connection: ${whose} open already`);
      if (waiting >= mostWaiting) {
        socket.destroy();
        return;
      }
      waiting += 1;
      const late = setTimeout(() => socket.destroy(), patience);
      socket.on('close', () => {
        clearTimeout(late);
        waiting -= 1;
      });
    },
  };
}

function refusedConnections(caller: Peer): string {
  return `the control socket refuses connections: too many are open, the last by ${whoAsks(caller).user}`;
}
