// How a program goes to sleep without a visitor noticing, whatever server it is and however that ends: visitors get a new
// socket first, which hostd holds. The program is told to end when the old one has no connection any more; so nothing that it has
// accepted, or is about to, can be lost. What comes to the new one meanwhile waits there, and wakes the next generation.

import { openConnections } from '../../linux/unix-connections.ts';
import type { Entry, Loop } from './loop.ts';

/** Milliseconds between two looks at the old socket. The first one is for whoever had found it before it lost its name. */
const lookMs = 50;
/** Looks after which a connection that came to the old socket at the last moment has been accepted and read: gunicorn finishes it. */
const mostLooks = 20;

/**
 * The program has the socket `former` (an inode in sockfs), and visitors find another one by now. Calls back once the program sleeps,
 * or something else has become of it: whatever starts next has the new socket.
 */
export function fallAsleep(loop: Loop, { name, service }: Entry, former: number, callback: () => void): void {
  const generation = service.current?.id;
  const look = (looks: number) => {
    const now = loop.entries.get(name)?.service;
    if (now?.current?.id !== generation || now?.current?.state.kind !== 'running') return callback();
    if (looks >= mostLooks || openConnections(former) === 0) {
      loop.post(name, { kind: 'idle' });
      // A command about it may be under way, and comes first.
      if (loop.entries.get(name)?.service.asleep === true) return callback();
    }
    setTimeout(() => look(looks + 1), lookMs);
  };
  setTimeout(() => look(1), lookMs);
}
