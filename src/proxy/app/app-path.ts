// The way to an app's unix socket. The app owns the directory and could put a link to somebody else's socket there, which the
// worker may connect to and the app may not: so what is connected to is what was looked at, and nothing that a link leads to.

import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync } from 'node:fs';
import { posix } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { asPath, realAlias } from '../files/alias.ts';

/** open(2): a reference that reads nothing. */
const O_PATH = 0o10000000;
/** Connecting to it fails as connecting to a socket that is not there does. */
const nowhere = '/proc/self/fd/none';

/**
 * Milliseconds for which a path is believed to lead where it led. That can't take a request to anything but the socket
 * that was looked at, since it is held: at worst to a server that has just been replaced. One that has gone
 * refuses, and is doubted at once.
 */
const believedMs = 10;

/** A socket that was looked at, and is held, so that its number stands for it and for nothing else. */
interface Looked {
  readonly fd: number;
  readonly ino: number;
  readonly dev: number;
  /** When its path was last found to lead to it. */
  at: number;
}

const looked = new Map<string, Looked>();
/** Uids by path, latin-1, as far as they are known. */
const owners = new Map<string, readonly number[]>();

/** Whose the socket of this path may be. */
export function expectOwners(path: string, uids: readonly number[]): void {
  owners.set(Buffer.from(path).toString('latin1'), uids);
}

/** The worker may not go where the socket is: waiting mends nothing (path_resolution(7)). */
export interface NoWay {
  readonly code: 'EACCES';
}

/** A path for connect(2), to be used before anything else happens. */
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

/** To be called when connecting to it has failed: it is looked at again before anything else connects. */
export function doubtSocket(path: string): void {
  const known = looked.get(path);
  if (known !== undefined) known.at = Number.NEGATIVE_INFINITY;
}

/** Whether the path leads to the very socket that was looked at: by what way it does is then all the same. */
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
    // readlink(2) has no name for what lies deeper than 4096 bytes.
  }
  closeSync(fd);
  return null;
}

/**
 * Where hard links to what is another's can be made (fs.protected_hardlinks = 0), an app could make one to somebody else's socket,
 * which has another owner.
 */
function isItself(fd: number, path: string): boolean {
  const stats = fstatSync(fd);
  const uids = owners.get(path);
  if (!stats.isSocket() || (uids !== undefined && !uids.includes(stats.uid))) return false;
  const directory = realAlias(posix.dirname(path));
  const actual = readlinkSync(`/proc/self/fd/${fd}`, 'latin1');
  return directory !== null && actual === directory + posix.basename(path);
}
