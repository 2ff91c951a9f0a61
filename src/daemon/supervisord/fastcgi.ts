// The sockets of FastCGI programs. All processes of a group have one socket as their standard input. It is open while one of them is
// up, or about to be tried again, and is logged as Supervisor's is (socket_manager.py of 4.2.5). A unix socket's file stays.

import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import { native, O_PATH } from '../../native/index.ts';
import type { FastCgiSocket } from '../../supervisord/config/config.ts';
import type { Logger } from '../own/log.ts';
import { setRights } from '../sockets/name-files.ts';
import type { Sockets } from '../sockets/sockets.ts';
import { numeric } from './server-sockets.ts';

export interface FastCgiSockets {
  /** From now on processes of a group may ask for this socket. */
  know(socket: FastCgiSocket): void;
  /** Takes the socket of a process that an earlier supervisord has started, or that it has become itself. */
  take(socket: FastCgiSocket, pid: number): void;
  /** Opens the socket, where it is not open. @throws when it cannot be made. */
  fd(url: string): number;
  /** No process has it, and none is about to. */
  close(url: string): void;
}

/** What listen(2) makes of Python's SOMAXCONN. */
const usualBacklog = 4096;
const standardInput = 0;

/** Opens a socket once, and closes it: so Supervisor finds out at the start what is wrong with it. */
export function tryOut(socket: FastCgiSocket, log: Logger): void {
  try {
    const fd = create(socket, log);
    log.info(`Closing socket ${socket.url}`);
    closeSync(fd);
  } catch (error) {
    log.error(messageOf(error));
  }
}

export function fastCgiSockets(sockets: Sockets, log: Logger): FastCgiSockets {
  const known = new Map<string, FastCgiSocket>();
  return {
    know: socket => void known.set(socket.url, socket),
    take(socket, pid) {
      if (sockets.held().has(socket.url)) return;
      const fd = socketOf(pid, socket);
      if (fd === null) log.warn(`process ${pid} does not have the socket ${socket.url} any more`);
      else sockets.keep(socket.url, fd);
    },
    fd(url) {
      const socket = known.get(url);
      const fd = sockets.held().get(url);
      if (fd !== undefined) return fd;
      if (socket === undefined) throw new Error(`Could not create FastCGI socket ${url}: no group has it`);
      const made = create(socket, log);
      sockets.keep(url, made);
      return made;
    },
    close(url) {
      if (!sockets.held().has(url)) return;
      log.info(`Closing socket ${url}`);
      sockets.release(url);
    },
  };
}

/** @throws an error in Supervisor's words */
function create(socket: FastCgiSocket, log: Logger): number {
  const { url, address, backlog } = socket;
  log.info(`Creating socket ${url}`);
  try {
    const waiting = backlog ?? usualBacklog;
    return 'path' in address
      ? createUnix(address.path, socket, waiting)
      : native.listenTcp(numeric(address.host), address.port, waiting);
  } catch (error) {
    throw new Error(`Could not create FastCGI socket ${url}: ${messageOf(error)}`);
  }
}

/** supervisord makes the file with its own rights, whose the program is. Nobody may connect before it has its owner and mode. */
function createUnix(path: string, { owner, mode }: FastCgiSocket, backlog: number): number {
  const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  try {
    unlinkSync(path);
  } catch {
    // There is none, or bind(2) says what is wrong.
  }
  const fd = native.listenUnix(path, own.uid, own.gid, 0o600, backlog);
  try {
    // Not by its path, which others may have put a link at.
    const node = openSync(path, O_PATH | constants.O_NOFOLLOW);
    try {
      const { uid, gid } = owner ?? own;
      setRights(node, { uid, gid: gid < 0 ? own.gid : gid, mode: mode ?? 0o700 });
    } finally {
      closeSync(node);
    }
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The process's standard input, if that is still this socket. */
function socketOf(pid: number, { address }: FastCgiSocket): number | null {
  const process = native.pidfdOpen(pid);
  try {
    const fd = native.pidfdGetfd(process, standardInput);
    if (isThis(fd, address)) return fd;
    closeSync(fd);
    return null;
  } catch {
    return null;
  } finally {
    closeSync(process);
  }
}

function isThis(fd: number, address: FastCgiSocket['address']): boolean {
  const found = native.socketOf(fd);
  if (found.accepts === 0 || found.stream === 0) return false;
  return 'path' in address
    ? found.domain === 'unix' && found.address === address.path
    : found.domain === 'inet' && found.address === numeric(address.host) && found.port === address.port;
}
