// How long a client of an HTTP server may take for its next request. node:http looks at all its connections every half minute, also when there
// is none, and so wakes its process up for ever. Here each connection has a deadline of its own.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Options for createServer: without Node's own look at its connections. */
export const withoutChecks = {
  headersTimeout: 0,
  requestTimeout: 0,
  connectionsCheckingInterval: 2 ** 31 - 1,
};

interface Waiting {
  timer: NodeJS.Timeout | undefined;
  /** Requests that are not answered yet. */
  open: number;
}

/** Milliseconds in which the header of a connection's first request has to be complete, and of the next one after an answer. */
export interface RequestTimes {
  readonly first: number;
  readonly next: number;
}

/** Ends connections of the server that take longer. */
export function boundRequests(server: Server, { first, next }: RequestTimes): void {
  const all = new WeakMap<Socket, Waiting>();
  const wait = (socket: Socket, waiting: Waiting, ms: number) => {
    waiting.timer = setTimeout(() => socket.destroy(), ms).unref();
  };
  server.on('connection', (socket: Socket) => {
    const waiting: Waiting = { timer: undefined, open: 0 };
    all.set(socket, waiting);
    wait(socket, waiting, first);
    socket.once('close', () => clearTimeout(waiting.timer));
  });
  server.on('request', ({ socket }, response) => {
    const waiting = all.get(socket);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    waiting.open += 1;
    response.once('close', () => {
      waiting.open -= 1;
      if (waiting.open === 0 && !socket.destroyed) wait(socket, waiting, next);
    });
  });
  server.on('upgrade', ({ socket }) => clearTimeout(all.get(socket)?.timer));
}
