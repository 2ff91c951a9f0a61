// The listening sockets that hostd makes, holds and passes on. hostd never accepts from one: while a program is away,
// its clients wait in the backlog.

import { chmodSync, chownSync, closeSync, fstatSync, lstatSync, unlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errnoOf, HostdError } from '../../errors.ts';
import { as, entry, makeDirectory, type Owner, openDirectory } from '../../linux/paths.ts';
import type { Listen, UnixSocket } from '../../model/host.ts';
import { native, O_PATH, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from '../../native/index.ts';
import { holderOf, type ListeningSocket, listeningSockets } from './listening.ts';

/** Longest path of a unix socket (unix(7), sun_path less its NUL). */
const longestPath = 107;
/** The kernel cuts it to net.core.somaxconn. */
const tcpBacklog = 4096;

export interface Sockets {
  /** The fd of a unix socket, made if hostd does not hold it yet. `owner` is the app; connecting is for `clients`' group. */
  unix(socket: UnixSocket, owner: Owner, clients: number): number;
  tcp(listen: Listen): number;
  /**
   * Takes over a listening socket that another process of an earlier hostd still holds; false: it holds none, or the
   * kernel does not let hostd have it (a container without CAP_SYS_PTRACE, a system call filter).
   */
  takeBack(key: string, pidfd: number, pid: number): boolean;
  /** Holds a socket that was made elsewhere, so that it outlives an upgrade in place. */
  keep(key: string, fd: number): void;
  /** Closes a socket and removes its file: from now on clients are refused. */
  release(key: string): void;
  /** All sockets that are held: fds by key. */
  held(): ReadonlyMap<string, number>;
}

/** The key of a TCP listener; a unix socket's key is its path. */
export function tcpKey({ host, port }: Listen): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** `inherited` are those that hostd held before it was upgraded in place. */
export function makeSockets(inherited: ReadonlyMap<string, number>): Sockets {
  const held = new Map(inherited);
  const keep = (key: string, fd: number) => {
    held.set(key, fd);
    return fd;
  };
  return {
    unix: (socket, owner, clients) =>
      held.get(socket.path) ?? keep(socket.path, listenUnix(socket, owner, clients)),
    tcp: listen => held.get(tcpKey(listen)) ?? keep(tcpKey(listen), listenTcp(listen)),
    takeBack(key, pidfd, pid) {
      if (held.has(key)) return true;
      const fd = holderOf(
        listeningSockets().filter(socket => isNamed(socket, key)),
        pid,
      );
      if (fd === null) return false;
      try {
        keep(key, native.pidfdGetfd(pidfd, fd));
        return true;
      } catch {
        return false;
      }
    },
    release(key) {
      const fd = held.get(key);
      if (fd === undefined) return;
      held.delete(key);
      closeSync(fd);
      if (key.startsWith('/')) removeSocketFile(key);
    },
    held: () => held,
    keep(key, fd) {
      keep(key, fd);
    },
  };
}

/** A socket that was made by way of its open directory (listenUnix) has the name that it had there. */
function isNamed(socket: ListeningSocket, key: string): boolean {
  if (socket.key === key) return true;
  return socket.key.startsWith('/proc/self/fd/') && basename(socket.key) === basename(key);
}

function listenTcp(listen: Listen): number {
  try {
    return native.listenTcp(listen.host, listen.port, tcpBacklog);
  } catch (cause) {
    const code = errnoOf(cause);
    const hint = code === 'EADDRINUSE' ? `ss -ltnp 'sport = :${listen.port}' shows who has it` : undefined;
    const message = `cannot listen on ${tcpKey(listen)}: ${code === 'EADDRINUSE' ? 'address already in use' : code}`;
    throw new HostdError('conflict', message, hint === undefined ? { cause } : { hint, cause });
  }
}

/**
 * The socket is made with the app's own rights, so that a link which the app puts in the way leads no further than the app
 * could go by itself, and is then given to root and to the group that may connect.
 */
function listenUnix(socket: UnixSocket, owner: Owner, clients: number): number {
  const { path, backlog } = socket;
  if (Buffer.byteLength(path) > longestPath)
    throw new HostdError('failed', `cannot listen on "${path}": longer than ${longestPath} bytes (unix(7))`);
  const directory = makeDirectory(dirname(path), owner, 0o755);
  try {
    removeStale(path, directory, owner);
    if (process.geteuid?.() !== 0) return native.listenUnix(path, owner.uid, owner.gid, 0o660, backlog);
    try {
      const fd = native.listenUnix(path, owner.uid, owner.gid, 0o600, backlog);
      giveTo(path, directory, owner, clients);
      return fd;
    } catch (error) {
      if (errnoOf(error) !== 'EACCES') throw error;
      // A directory that the app may not write to: by way of the open directory, which nobody can divert.
      return native.listenUnix(entry(directory, basename(path)), 0, clients, 0o660, backlog);
    }
  } catch (cause) {
    if (cause instanceof HostdError) throw cause;
    throw new HostdError('failed', `cannot listen on "${path}": ${errnoOf(cause) ?? String(cause)}`, {
      cause,
    });
  } finally {
    closeSync(directory);
  }
}

function giveTo(path: string, directory: number, owner: Owner, clients: number): void {
  const node = native.openAt(directory, basename(path), O_PATH, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  try {
    const stats = fstatSync(node);
    if (!stats.isSocket() || stats.uid !== owner.uid || stats.nlink !== 1)
      throw new HostdError('permission', `cannot use socket "${path}": somebody else replaced it`);
    chownSync(`/proc/self/fd/${node}`, 0, clients);
    chmodSync(`/proc/self/fd/${node}`, 0o660);
  } finally {
    closeSync(node);
  }
}

/** Removes what an earlier holder left. Never a socket that is in use, and never anything but a socket. */
function removeStale(path: string, directory: number, owner: Owner): void {
  const name = entry(directory, basename(path));
  const stats = lstatSync(name, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket())
    throw new HostdError('conflict', `cannot listen on "${path}": there is something else of that name`, {
      hint: `look at it with: ls -ld ${path}, and move it away`,
    });
  const users: ListeningSocket[] = listeningSockets().filter(socket => socket.key === path);
  if (users.length > 0)
    throw new HostdError('conflict', `cannot listen on "${path}": another process already does`, {
      hint: `ss -xlp src ${path} shows who; stop it first`,
    });
  try {
    as(owner, () => unlinkSync(name));
  } catch {
    unlinkSync(name);
  }
}

/** By way of the directory as hostd would find it to make the socket: a link that the app put there leads nowhere. */
function removeSocketFile(path: string): void {
  try {
    const directory = openDirectory(dirname(path));
    try {
      const name = entry(directory, basename(path));
      const stats = lstatSync(name);
      if (stats.isSocket() && stats.uid === process.geteuid?.()) unlinkSync(name);
    } finally {
      closeSync(directory);
    }
  } catch {
    // The directory is gone, and the socket with it.
  }
}
