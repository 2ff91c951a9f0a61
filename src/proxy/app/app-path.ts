// The way to an app's unix socket. The app owns the directory. It could put a link there to somebody else's socket, to which the worker
// may connect and the app may not. So the worker looks at the socket first, and then connects to that very socket.

import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync } from 'node:fs';
import { posix } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { asPath, realAlias } from '../files/alias.ts';

/** open(2): a reference that reads nothing. */
const O_PATH = 0o10000000;
/** connect(2) fails here as it does where no socket is. */
const nowhere = '/proc/self/fd/none';

/**
 * Milliseconds for which a path is believed to lead to the socket that was looked at. A request can reach no other socket in
 * that time, since the socket is held open. At worst it reaches a server that has just been replaced. A server that is gone refuses,
 * and then the path is looked at again at once.
 */
const believedMs = 10;

/** A socket that was looked at. It is held open, so its inode number can't be given to another one. */
interface Looked {
  readonly fd: number;
  readonly ino: number;
  readonly dev: number;
  /** When the path was last found to lead to this socket. */
  at: number;
}

const looked = new Map<string, Looked>();
/** The uids that may own the socket, by path (latin-1), as far as they are known. */
const owners = new Map<string, readonly number[]>();

/** Only these uids may own the socket of this path. */
export function expectOwners(path: string, uids: readonly number[]): void {
  owners.set(Buffer.from(path).toString('latin1'), uids);
}

/** The worker may not reach the socket's directory. Waiting mends nothing (path_resolution(7)). */
export interface NoWay {
  readonly code: 'EACCES';
}

/** A path for connect(2). It is valid until the caller returns to the event loop. */
export function socketPath(path: string): string | NoWay {
  const known = looked.get(path);
  const time = performance.now();
  if (known !== undefined && (time - known.at < believedMs || isStill(path, known, time)))
    return `/proc/self/fd/${known.fd}`;
  looked.delete(path);
  if (known !== undefined) closeSync(known.fd);
  const now = look(path, time);
  if (now === null) return nowhere;
  if ('code' in now) return now;
  looked.set(path, now);
  return `/proc/self/fd/${now.fd}`;
}

/** Called when connect(2) has failed: the path is looked at again before the next connection. */
export function doubtSocket(path: string): void {
  const known = looked.get(path);
  if (known !== undefined) known.at = Number.NEGATIVE_INFINITY;
}

/** Whether the path leads to the very socket that was looked at. By which way is then all the same. */
function isStill(path: string, known: Looked, time: number): boolean {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined || stats.ino !== known.ino || stats.dev !== known.dev) return false;
    known.at = time;
    return true;
  } catch {
    return false;
  }
}

function look(path: string, at: number): Looked | NoWay | null {
  const name = Buffer.from(path).toString('latin1');
  let fd: number;
  try {
    fd = openSync(asPath(name), O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    return errnoOf(error) === 'EACCES' ? { code: 'EACCES' } : null;
  }
  try {
    const { ino, dev } = fstatSync(fd);
    if (isItself(fd, name)) return { fd, ino, dev, at };
  } catch {
    // readlink(2) has no name for a file deeper than 4096 bytes.
  }
  closeSync(fd);
  return null;
}

/**
 * Whether the socket is no hard link to another user's. Where hard links to other users' files can be made
 * (fs.protected_hardlinks = 0), an app could make one to a socket that has another owner.
 */
function isItself(fd: number, path: string): boolean {
  const stats = fstatSync(fd);
  const uids = owners.get(path);
  if (!stats.isSocket() || (uids !== undefined && !uids.includes(stats.uid))) return false;
  const directory = realAlias(posix.dirname(path));
  const actual = readlinkSync(`/proc/self/fd/${fd}`, 'latin1');
  return directory !== null && actual === directory + posix.basename(path);
}
