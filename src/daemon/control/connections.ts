// How many connections the control socket serves at once. One too many hears why, when it asks for something, and is closed; it
// takes none of what those have who were there before.

import type { Socket } from 'node:net';
import type { Peer } from '../../native/index.ts';
import { whoAsks } from '../callers/audit.ts';
import { makeShares } from '../callers/shares.ts';
import type { Logger } from '../own/log.ts';

/** For each caller but root, and for all of them together. Each is a descriptor or more of hostd's. */
const most = { each: 64, all: 192 };
/** Milliseconds that one too many has to ask in, and how many of them wait so long. */
const patience = 1000;
const mostWaiting = 16;

export const tooMany = 'end some: hostctl logs -f, exec and shell keep theirs open';

export interface Connections {
  /** Of a connection that has just come. */
  admit(socket: Socket, caller: Peer): void;
  /** Why a connection is not served; undefined: it is. */
  refusal(socket: Socket): string | undefined;
}

export function makeConnections(log: Logger): Connections {
  const shares = makeShares(most);
  const refused = new WeakMap<Socket, string>();
  /** Whose refusal is in the log already. */
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
