// Free ports for servers that are given theirs before they start.

import { randomInt } from 'node:crypto';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { errnoOf } from '../src/errors.ts';

/** Below the ports that Linux gives to outgoing connections (net.ipv4.ip_local_port_range), which could take one at any moment. */
const first = 10_000;
/** Leaves room above it for servers that also listen on port + 443. */
const afterLast = 32_000;

/** A port of 127.0.0.1 that nobody listens on, and that no other process gets from here while this one runs. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(first, afterLast);
    if (!(await claim(port))) continue;
    const server = await listening({ port, host: '127.0.0.1' });
    if (server === null) continue;
    await new Promise(resolve => server.close(resolve));
    return port;
  }
}

/** By an abstract unix socket (unix(7)), which is of this network namespace, and gone when the process is. */
async function claim(port: number): Promise<boolean> {
  const server = await listening({ path: `\0hostd-port-${port}` });
  server?.unref();
  return server !== null;
}

/** null: somebody else listens there. */
function listening(where: ListenOptions): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', error => (errnoOf(error) === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen(where, () => resolve(server));
  });
}
