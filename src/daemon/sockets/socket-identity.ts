// Which socket is which: by its inode, as the kernel has it, and by what the kernel says of the open socket itself. The names in
// /proc/net are not believed, because the process that binds a socket chooses them.

import { closeSync, fstatSync, opendirSync, readlinkSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { basename } from 'node:path';
import { native, type SocketName } from '../../native/index.ts';

/** A socket that hostd has given to a run. */
export interface SocketId {
  /** A path, or "address:port" as tcpKey writes it. */
  readonly key: string;
  /** In sockfs. While the socket is open, no other socket of this boot has the same number. */
  readonly inode: number;
}

/** Milliseconds to wait for the end of a socket that other processes have had. */
const patienceMs = 50;
/** Characters of a socket's name that its draft's has, too. */
const longestStem = 64;
/** Descriptors of one process whose links are read, and how many of them are taken for a closer look. A process may have a million. */
const mostLinks = 4096;
const mostLooks = 64;

/** The sockets of `held` that are among `fds`. */
export function identify(held: ReadonlyMap<string, number>, fds: readonly number[]): SocketId[] {
  const given = new Set(fds);
  return [...held].flatMap(([key, fd]) => (given.has(fd) ? [{ key, inode: fstatSync(fd).ino }] : []));
}

/** Whether hostd still holds each of these very sockets. It may have made another one of the same name since. */
export function areHeld(given: readonly SocketId[], held: ReadonlyMap<string, number>): boolean {
  return given.every(({ key, inode }) => {
    const fd = held.get(key);
    return fd !== undefined && fstatSync(fd).ino === inode;
  });
}

/** Closes a socket that other processes have, or have had, without waiting for them longer than `patience` milliseconds. */
export function closeShared(fd: number, patience = patienceMs): void {
  try {
    native.closeElsewhere(fd, patience);
  } catch {
    // No thread is left. The rare wait is better than a lost descriptor each time.
    closeSync(fd);
  }
}

/** Whether the open socket `fd` is a listener with this key that still listens. */
export function isListener(fd: number, key: string): boolean {
  try {
    return fstatSync(fd).isSocket() && fits(native.socketOf(fd), key);
  } catch {
    return false;
  }
}

/** Whether the name is that of `key`. A unix socket that was made by way of its open directory (sockets.ts) has the name from there. */
export function fits({ domain, address, port, stream, accepts }: SocketName, key: string): boolean {
  if (stream !== 1 || accepts !== 1) return false;
  switch (domain) {
    case 'unix':
      if (!key.startsWith('/')) return false;
      return (
        address === key ||
        (/^\/proc\/self\/fd\/\d+\/[^/]+$/.test(address) && isNameOf(basename(address), basename(key)))
      );
    case 'inet':
      return `${address}:${port}` === key;
    case 'inet6':
      return key.endsWith(`]:${port}`) && isSameAddress(address, key.slice(1, key.lastIndexOf(']')));
    default:
      return false;
  }
}

/** A name for a socket that is to take the place of the one at `path`: no other socket has had it. */
export function draftName(path: string): string {
  return `.${basename(path).slice(0, longestStem)}.${native.randomHex(6)}`;
}

/** A socket that has taken another's place was bound as a draft. */
function isNameOf(bound: string, name: string): boolean {
  const stem = `.${name.slice(0, longestStem)}.`;
  return bound === name || (bound.startsWith(stem) && /^[0-9a-f]{12}$/.test(bound.slice(stem.length)));
}

function isSameAddress(one: string, other: string): boolean {
  return isIPv6(other) && shortForm(one) === shortForm(other);
}

/** The address as URL writes it. */
function shortForm(address: string): string {
  return new URL(`http://[${address}]/`).hostname;
}

/**
 * A descriptor of hostd's own for a listener that a process has; null: it has none, or the kernel does not let hostd have it.
 * With `inode` it is exactly that socket. Without (a run of hostd 0.1.0) it is one that the kernel says is the listener.
 */
export function takeListener(
  pidfd: number,
  pid: number,
  key: string,
  inode: number | undefined,
): number | null {
  const wanted = (link: string) => inode === undefined || link === `socket:[${inode}]`;
  const candidates = socketLinks(pid).filter(([, link]) => wanted(link));
  for (const [number] of candidates.slice(0, mostLooks)) {
    const fd = take(pidfd, number);
    if (fd === null) continue;
    // The descriptor's number may have become another file's meanwhile.
    const same = inode === undefined || fstatSync(fd).ino === inode;
    if (same && isListener(fd, key)) return fd;
    closeShared(fd, 0);
  }
  return null;
}

function take(pidfd: number, number: number): number | null {
  try {
    return native.pidfdGetfd(pidfd, number);
  } catch {
    return null;
  }
}

/** The descriptors of a process that are sockets, with their links; the lowest numbers come first. */
function socketLinks(pid: number): [number, string][] {
  const found: [number, string][] = [];
  try {
    const directory = opendirSync(`/proc/${pid}/fd`);
    try {
      for (let left = mostLinks; left > 0; left--) {
        const entry = directory.readSync();
        if (entry === null) break;
        const link = readLink(`/proc/${pid}/fd/${entry.name}`);
        if (link.startsWith('socket:[')) found.push([Number(entry.name), link]);
      }
    } finally {
      directory.closeSync();
    }
  } catch {
    // The process has ended, or hostd may not look.
  }
  return found;
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
