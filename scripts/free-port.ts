// Ports for servers that are told theirs before they start.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { errnoOf } from '../src/errors.ts';

/** Below those that Linux gives to outgoing connections (net.ipv4.ip_local_port_range), which would take one at any moment. */
const first = 10_000;
/** Leaves room above it, for those who listen on port + 443 too. */
const afterLast = 32_000;

/** A port of 127.0.0.1 that nobody listens on, picked at random so that tests side by side do not pick the same. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(first, afterLast);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', error => (errnoOf(error) === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
