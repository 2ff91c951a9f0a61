// The ports of hostd dev: loopback only, on both of its addresses. Where the usual port is taken, the next free one.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { errnoOf, HostdError } from '../../errors.ts';

export interface Listening {
  readonly port: number;
  /** Accepts no more connections. */
  close(): void;
}

const addresses = ['127.0.0.1', '::1'] as const;
/** Ports after the usual one that are tried. */
const tries = 20;

/** A port of 127.0.0.1 that nobody listens on. Another process may take it before it is used, which is rare. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/**
 * Listens on both addresses of loopback. `make` gives a server for a port. Without `fixed`, ports that are taken are skipped.
 * @throws HostdError('conflict') when no port is free.
 */
export async function listen(
  first: number,
  fixed: boolean,
  make: (port: number) => Server,
): Promise<Listening> {
  for (let port = first; ; port++) {
    const servers = await listenOn(port, make);
    if (servers !== null) {
      const close = (): void => {
        for (const server of servers) server.close();
      };
      return { port, close };
    }
    if (fixed || port === first + tries || port === 65_535) throw taken(first);
  }
}

/** null: the port is taken. An address that this machine lacks (no IPv6) is left out. */
async function listenOn(port: number, make: (port: number) => Server): Promise<Server[] | null> {
  const servers: Server[] = [];
  for (const host of addresses) {
    const server = make(port);
    const error = await new Promise<Error | null>(resolve => {
      server.once('error', resolve);
      server.listen({ host, port }, () => {
        server.off('error', resolve);
        resolve(null);
      });
    });
    const code = errnoOf(error);
    if (error === null) servers.push(server);
    else if (code === 'EADDRINUSE') {
      for (const other of servers) other.close();
      return null;
    } else if (host === '127.0.0.1') {
      if (code === 'EACCES')
        throw new HostdError('permission', `cannot listen on port ${port}: permission denied`, {
          hint: '--port 8000, or another above 1023',
          cause: error,
        });
      throw error;
    }
  }
  return servers;
}

export function taken(port: number): HostdError {
  const owner = ownerOf(port);
  return new HostdError(
    'conflict',
    `cannot listen on port ${port}: it is in use${owner === null ? '' : ` by ${owner}`}`,
    {
      hint: `stop that, or: hostd dev --port ${port + 1}`,
    },
  );
}

/** "python3 (pid 12)": a process of this user that listens there; null: not known. */
function ownerOf(port: number): string | null {
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(file => {
    try {
      return listeningInodes(readFileSync(file, 'latin1'), port);
    } catch {
      return [];
    }
  });
  const wanted = new Set(inodes.map(inode => `socket:[${inode}]`));
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const has = readdirSync(`/proc/${pid}/fd`).some(fd =>
        wanted.has(readlinkSync(`/proc/${pid}/fd/${fd}`)),
      );
      if (has) return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`;
    } catch {
      // another user's, or gone
    }
  }
  return null;
}

/** The inodes of listening sockets (state 0A) with this local port; proc_net_tcp(5). */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(fields => fields[1]?.endsWith(suffix) && fields[3] === '0A')
    .flatMap(fields => fields[9] ?? []);
}
