// The sockets of FastCGI programs. All processes of a group have one socket as their standard input.

import { chmodSync, rmSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import { native } from '../../native/index.ts';
import type { FastCgiSocket } from '../../supervisord/config/config.ts';
import type { Logger } from '../own/log.ts';
import type { Sockets } from '../sockets/sockets.ts';
import { numeric } from './server-sockets.ts';

export interface FastCgiSockets {
  open(socket: FastCgiSocket): void;
  close(socket: FastCgiSocket): void;
  /** @throws when the socket cannot be made. */
  fd(url: string): number;
}

const usualBacklog = 4096;

export function fastCgiSockets(sockets: Sockets, log: Logger): FastCgiSockets {
  return {
    open({ url, address, owner, mode, backlog }) {
      if (sockets.held().has(url)) return;
      log.info(`Creating socket ${url}`);
      try {
        const waiting = backlog ?? usualBacklog;
        if (!('path' in address)) {
          sockets.keep(url, native.listenTcp(numeric(address.host), address.port, waiting));
          return;
        }
        rmSync(address.path, { force: true });
        const { uid, gid } = owner ?? { uid: process.geteuid?.() ?? 0, gid: -1 };
        const group = gid < 0 ? (process.getegid?.() ?? 0) : gid;
        sockets.keep(url, native.listenUnix(address.path, uid, group, mode ?? 0o700, waiting));
        chmodSync(address.path, mode ?? 0o700);
      } catch (error) {
        log.error(`Could not create FastCGI socket ${url}: ${messageOf(error)}`);
      }
    },
    close({ url, address }) {
      if (!sockets.held().has(url)) return;
      log.info(`Closing socket ${url}`);
      sockets.release(url);
      if ('path' in address) rmSync(address.path, { force: true });
    },
    fd(url) {
      const fd = sockets.held().get(url);
      if (fd === undefined) throw new Error(`Could not create FastCGI socket ${url}`);
      return fd;
    },
  };
}
