// Many idle connections, each after one answer, from several loopback addresses.

import net from 'node:net';

export interface IdleConnections {
  readonly open: number;
  close(): void;
}

/** At most this many come from one address, 127.0.0.2 and on. */
const fromOneAddress = 1000;
/** Opened at a time: no listener's backlog takes them all. */
const together = 100;

export async function openIdle(port: number, request: string, count: number): Promise<IdleConnections> {
  const sockets: net.Socket[] = [];
  let open = 0;
  for (let at = 0; at < count; at += together) {
    const some = Array.from({ length: Math.min(together, count - at) }, (_, i) => {
      const localAddress = `127.0.0.${2 + Math.floor((at + i) / fromOneAddress)}`;
      return answered(net.connect({ port, host: '127.0.0.1', localAddress }), request);
    });
    sockets.push(...(await Promise.all(some)));
  }
  for (const socket of sockets) {
    if (!socket.destroyed) open++;
    socket.on('close', () => open--);
  }
  return {
    get open() {
      return open;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function answered(socket: net.Socket, request: string): Promise<net.Socket> {
  return new Promise(resolve => {
    socket.on('error', () => {});
    socket.once('data', () => resolve(socket));
    socket.once('close', () => resolve(socket));
    socket.write(request);
  });
}
