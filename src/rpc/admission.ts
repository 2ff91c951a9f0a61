// How many connections are served at once, so that no client takes those of others. A connection beyond that is closed.

import type { Socket } from 'node:net';

/** For each uid or address, and for all together. Root's clients may have as many as all. */
const most = { each: 64, all: 256 };

export interface Admission {
  /** Whether the connection is served. If not, it is closed. `uid` null: it came over TCP. */
  admit(socket: Socket, uid: number | null): boolean;
}

export function makeAdmission(): Admission {
  const open = new Map<string, number>();
  let all = 0;
  return {
    admit(socket, uid) {
      const whose = uid === null ? (socket.remoteAddress ?? '') : `uid ${uid}`;
      const have = open.get(whose) ?? 0;
      if (all >= most.all || (uid !== 0 && have >= most.each)) {
        socket.destroy();
        return false;
      }
      all++;
      open.set(whose, have + 1);
      socket.once('close', () => {
        all--;
        const left = (open.get(whose) ?? 1) - 1;
        if (left === 0) open.delete(whose);
        else open.set(whose, left);
      });
      return true;
    },
  };
}
