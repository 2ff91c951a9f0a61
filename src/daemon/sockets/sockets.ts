// The listening sockets that hostd makes, holds and passes on. hostd never accepts from one: while a program is away,
// its clients wait in the backlog.

import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, HostdError } from '../../errors.ts';
import { holdersOfAddress, howToStop } from '../../linux/listeners.ts';
import { as, entry, makeDirectory, type Owner, openDirectory } from '../../linux/paths.ts';
import type { Listen, UnixSocket } from '../../model/host.ts';
import { native, O_PATH, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from '../../native/index.ts';
import { quoteWord } from '../../words/shlex.ts';
import type { Rights } from './name-state.ts';
import type { SocketNames } from './names.ts';
import { closeShared, draftName, isListener, type SocketId, takeListener } from './socket-identity.ts';

/** Characters of the longest path of a unix socket (unix(7), sun_path without its NUL). */
const longestPath = 107;
/** The kernel cuts it to net.core.somaxconn. */
const tcpBacklog = 4096;

export interface Sockets {
  /** The fd of a unix socket, which is made if hostd does not hold it yet. `owner` is the app. `clients` is the group that may connect. */
  unix(socket: UnixSocket, owner: Owner, clients: number): number;
  tcp(listen: Listen): number;
  /**
   * Takes over the listening socket that a run of an earlier hostd was given. `known`: what that hostd has written down. false: the run
   * has the socket no more, or the kernel does not let hostd have it (a container without CAP_SYS_PTRACE, a system call filter).
   */
  takeBack(
    key: string,
    pidfd: number,
    pid: number,
    known?: readonly SocketId[],
    rights?: SocketRights,
  ): boolean;
  /**
   * Puts a new socket in the place of the one that is held: whoever connects from now on waits in the new one, and nobody finds none.
   * `before` is called when the new one is held, and nobody can have found it yet. Returns the former one, which is the caller's to
   * close. @throws HostdError when it cannot: then the former one is held as before.
   */
  renew(socket: UnixSocket, owner: Owner, clients: number, before: (listener: number) => void): number | null;
  /** Keeps the name of a socket that hostd held before it was upgraded in place; nothing happens where it held none. */
  inherit(key: string, rights?: SocketRights): void;
  /** Holds a socket that was made elsewhere, so that it outlives an upgrade in place. */
  keep(key: string, fd: number): void;
  /** Closes a socket and removes its file: from now on clients are refused. */
  release(key: string): void;
  /** Makes the paths of all unix sockets their names again, with the right owner, group and mode. */
  restore(): void;
  /** Whether a program listens at the path of a unix socket by itself, so that nobody who connects finds the one that is held. */
  isTaken(key: string): boolean;
  /** All sockets that are held: fds by key. */
  held(): ReadonlyMap<string, number>;
}

/** Whose directories a socket is in, and which group may connect. */
export interface SocketRights {
  readonly owner: Owner;
  readonly clients: number;
}

/** The key of a TCP listener; a unix socket's key is its path. */
export function tcpKey({ host, port }: Listen): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * `inherited`: the sockets that hostd held before it was upgraded in place. `warn` is called for a socket that a program has broken.
 */
export function makeSockets(
  inherited: ReadonlyMap<string, number>,
  names: SocketNames,
  warn: (message: string) => void = () => {},
): Sockets {
  const held = new Map(inherited);
  const keep = (key: string, fd: number) => {
    held.set(key, fd);
    return fd;
  };
  /** The held socket, if it still listens. A program that shares it can do to it whatever hostd could. */
  const sound = (key: string, backlog: number): number | undefined => {
    const fd = held.get(key);
    if (fd === undefined || isListener(fd, key)) return fd;
    if (isRevived(fd, key, backlog)) {
      warn(`"${key}" did not listen any more, and does again: a program had shut it down`);
      return fd;
    }
    warn(`"${key}" is no longer the socket that hostd made: a program has changed it, and it is made anew`);
    held.delete(key);
    closeShared(fd);
    return undefined;
  };
  const keepName = (key: string, rights: SocketRights | undefined) => {
    if (key.startsWith('/'))
      names.keepFound(key, rights?.owner ?? null, rights === undefined ? null : rightsFor(rights.clients));
  };
  return {
    unix(socket, owner, clients) {
      const { path } = socket;
      const fd = sound(path, socket.backlog);
      if (fd !== undefined && names.restore(path)) return fd;
      if (fd !== undefined) {
        // Clients that wait in it now are served by the runs that have it.
        held.delete(path);
        closeShared(fd);
      }
      const { listener, node } = listenUnix(socket, owner, clients);
      names.keep(path, node, owner, rightsFor(clients));
      return keep(path, listener);
    },
    tcp: listen => sound(tcpKey(listen), tcpBacklog) ?? keep(tcpKey(listen), listenTcp(listen)),
    renew(socket, owner, clients, before) {
      const { path } = socket;
      const former = held.get(path) ?? null;
      const take = (listener: number) => before(keep(path, listener));
      try {
        const node = replaceUnix(socket, owner, clients, take);
        names.keep(path, node, owner, rightsFor(clients));
        names.restore(path);
        return former;
      } catch (error) {
        if (former === null) held.delete(path);
        else keep(path, former);
        throw error;
      }
    },
    takeBack(key, pidfd, pid, known, rights) {
      if (!held.has(key)) {
        const inode = known?.find(socket => socket.key === key)?.inode;
        // A run that was not given the socket has none to give back.
        if (known !== undefined && inode === undefined) return false;
        const fd = takeListener(pidfd, pid, key, inode);
        if (fd === null) return false;
        keep(key, fd);
        finishRenewal(fd, key);
      }
      keepName(key, rights);
      return true;
    },
    inherit(key, rights) {
      if (held.has(key)) keepName(key, rights);
    },
    release(key) {
      const fd = held.get(key);
      if (fd === undefined) return;
      held.delete(key);
      closeShared(fd);
      if (key.startsWith('/')) names.remove(key);
    },
    restore() {
      for (const key of held.keys()) if (key.startsWith('/')) names.restore(key);
    },
    isTaken: key => names.isTaken(key),
    held: () => held,
    keep(key, fd) {
      keep(key, fd);
    },
  };
}

/** Makes a TCP listener that was shut down listen again. That works unless somebody has connected it. */
function isRevived(fd: number, key: string, backlog: number): boolean {
  try {
    native.listenAgain(fd, backlog);
    return isListener(fd, key);
  } catch {
    return false;
  }
}

function listenTcp(listen: Listen): number {
  try {
    return native.listenTcp(listen.host, listen.port, tcpBacklog);
  } catch (cause) {
    const { why, hint } = whyNoTcp(listen, errnoOf(cause) ?? String(cause));
    const message = `cannot listen on ${tcpKey(listen)}: ${why}`;
    throw new HostdError('conflict', message, hint === null ? { cause } : { hint, cause });
  }
}

/** The reason in words, and a remedy: ip(7), bind(2). */
function whyNoTcp(listen: Listen, code: string): { readonly why: string; readonly hint: string | null } {
  const isSix = listen.host.includes(':');
  const four = `"0.0.0.0:${listen.port}" in its place`;
  switch (code) {
    case 'EADDRINUSE': {
      const [holder] = holdersOfAddress(listen) ?? [];
      if (holder === undefined)
        return { why: 'address already in use', hint: `ss -ltnp 'sport = :${listen.port}' shows who has it` };
      const by = `"${holder.name}" (pid ${holder.pid})`;
      const stop = `stop it (${howToStop(holder)}), or give hostd another port, or let ${quoteWord(holder.name)} serve the sites: [proxy] enabled = false`;
      return { why: `it is used by ${by}`, hint: stop };
    }
    case 'EAFNOSUPPORT':
      return { why: isSix ? 'this machine has no IPv6' : code, hint: four };
    case 'EADDRNOTAVAIL':
      return {
        why: 'no interface of this machine has this address',
        hint: isSix ? four : 'ip addr shows them',
      };
    case 'EACCES':
      return { why: 'only root may listen below 1024', hint: `"${listen.host}:8080" in its place` };
    default:
      return { why: code, hint: null };
  }
}

/** The rights of a socket file: root's (or the ordinary user's), and open to the group that may connect. */
function rightsFor(clients: number): Rights {
  const uid = process.geteuid?.() ?? 0;
  return { uid, gid: uid === 0 ? clients : (process.getegid?.() ?? clients), mode: 0o660 };
}

/**
 * Makes the socket with the app's own rights, so that a link of the app leads no further than the app could go by itself. Then
 * gives it to root and to the group that may connect.
 */
function listenUnix(socket: UnixSocket, owner: Owner, clients: number): { listener: number; node: number } {
  const { path, backlog } = socket;
  if (Buffer.byteLength(path) > longestPath)
    throw new HostdError('failed', `cannot listen on "${path}": longer than ${longestPath} bytes (unix(7))`);
  const directory = makeDirectory(dirname(path), owner, 0o755);
  try {
    removeStale(path, directory, owner);
    const make = (at: string, maker: Owner) => {
      const listener = native.listenUnix(at, maker.uid, maker.gid, 0o600, backlog);
      try {
        return { listener, node: giveTo(path, directory, maker, clients) };
      } catch (error) {
        closeSync(listener);
        throw error;
      }
    };
    try {
      return make(path, owner);
    } catch (error) {
      if (errnoOf(error) !== 'EACCES' || process.geteuid?.() !== 0) throw error;
      // The app may not write to the directory. So the socket is made by way of the open directory, which nobody can divert.
      return make(entry(directory, basename(path)), { uid: 0, gid: 0 });
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

/** Another socket at the path, in place of whatever is there. `take` is given the listener before that. Returns its file (O_PATH). */
function replaceUnix(
  { path, backlog }: UnixSocket,
  owner: Owner,
  clients: number,
  take: (listener: number) => void,
): number {
  const directory = makeDirectory(dirname(path), owner, 0o755);
  const draft = draftName(path);
  const at = entry(directory, draft);
  try {
    const make = (maker: Owner) => {
      const listener = native.listenUnix(at, maker.uid, maker.gid, 0o600, backlog);
      try {
        const node = giveTo(join(dirname(path), draft), directory, maker, clients);
        take(listener);
        renameSync(at, entry(directory, basename(path)));
        return node;
      } catch (error) {
        closeSync(listener);
        rmSync(at, { force: true });
        throw error;
      }
    };
    try {
      return make(owner);
    } catch (error) {
      if (errnoOf(error) !== 'EACCES' || process.geteuid?.() !== 0) throw error;
      return make({ uid: 0, gid: 0 });
    }
  } catch (cause) {
    if (cause instanceof HostdError) throw cause;
    throw new HostdError('failed', `cannot listen anew on "${path}": ${errnoOf(cause) ?? String(cause)}`, {
      cause,
    });
  } finally {
    closeSync(directory);
  }
}

/** A hostd that was killed while it renewed the socket has left it beside the path: it takes its place now. */
function finishRenewal(fd: number, path: string): void {
  const draft = basename(native.socketOf(fd).address);
  if (!path.startsWith('/') || draft === basename(path)) return;
  try {
    const directory = openDirectory(dirname(path));
    try {
      const stats = lstatSync(entry(directory, draft));
      if (stats.isSocket() && stats.uid === process.geteuid?.())
        renameSync(entry(directory, draft), entry(directory, basename(path)));
    } finally {
      closeSync(directory);
    }
  } catch {
    // It has its place already.
  }
}

/** Gives a socket file to root and the group that may connect. An ordinary user keeps it. Returns the file (O_PATH). */
function giveTo(path: string, directory: number, maker: Owner, clients: number): number {
  const node = native.openAt(directory, basename(path), O_PATH, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  try {
    const stats = fstatSync(node);
    if (!stats.isSocket() || stats.uid !== maker.uid || stats.nlink !== 1)
      throw new HostdError('permission', `cannot use socket "${path}": somebody else replaced it`);
    const { uid, gid, mode } = rightsFor(clients);
    if (process.geteuid?.() === 0) chownSync(`/proc/self/fd/${node}`, uid, gid);
    chmodSync(`/proc/self/fd/${node}`, mode);
    return node;
  } catch (error) {
    closeSync(node);
    throw error;
  }
}

/**
 * Removes a socket that an earlier process has left. Never a socket in use, and never anything but a socket. The socket itself is
 * asked, since a list of names would show what any process has bound.
 */
function removeStale(path: string, directory: number, owner: Owner): void {
  const name = entry(directory, basename(path));
  if (lstatSync(name, { throwIfNoEntry: false }) === undefined) return;
  const node = native.openAt(directory, basename(path), O_PATH | constants.O_NOFOLLOW, 0, RESOLVE_BENEATH);
  try {
    if (!fstatSync(node).isSocket())
      throw new HostdError('conflict', `cannot listen on "${path}": there is something else of that name`, {
        hint: `look at it with: ls -ld ${quoteWord(path)}, and move it away`,
      });
    if (native.answers(`/proc/self/fd/${node}`) === 1)
      throw new HostdError('conflict', `cannot listen on "${path}": another process already does`, {
        hint: `ss -xlp src ${quoteWord(path)} shows who; stop it first`,
      });
  } finally {
    closeSync(node);
  }
  try {
    as(owner, () => unlinkSync(name));
  } catch {
    unlinkSync(name);
  }
}
