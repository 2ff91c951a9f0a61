// The files of the sockets that hostd holds, by name: looks at a path, gives it to a socket file, takes it away. Each step goes by way
// of an open directory, which no link can divert, and by the file itself (O_PATH), so that nothing else can pass for it.

import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  readdirSync,
  renameSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, HostdError, messageOf } from '../../errors.ts';
import { entry, makeDirectory, type Owner, openDirectory } from '../../linux/paths.ts';
import { native, O_PATH, RESOLVE_BENEATH } from '../../native/index.ts';
import type { Rights, Seen } from './name-state.ts';

/** What the path names, looked up in its open directory, which no link can divert. */
export function look(path: string, node: number): Seen {
  let directory: number;
  try {
    directory = openDirectory(dirname(path));
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? { kind: 'missing' } : { kind: 'hidden', why: messageOf(error) };
  }
  try {
    const found = openNode(directory, basename(path));
    if (found === null) return { kind: 'missing' };
    try {
      const stats = fstatSync(found);
      if (isSame(stats, fstatSync(node)))
        return { kind: 'held', uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o777 };
      const isSocket = stats.isSocket();
      const listens = isSocket && native.answers(`/proc/self/fd/${found}`) === 1;
      return { kind: 'other', listens, inode: isSocket ? stats.ino : null };
    } finally {
      closeSync(found);
    }
  } finally {
    closeSync(directory);
  }
}

/**
 * Gives the file `node` the name `path`. 'replace': any other file of that name loses it, and a client that connects meanwhile finds one
 * socket or the other. 'if free': false when there is a file of that name by now, which stays: a program may have bound it since the
 * path was looked at. @throws HostdError for a directory of somebody else's, and errors of the file system.
 */
export function giveName(
  path: string,
  node: number,
  owner: Owner | null,
  how: 'replace' | 'if free',
): boolean {
  const directory =
    owner === null ? openDirectory(dirname(path)) : makeDirectory(dirname(path), owner, 0o755);
  try {
    const { uid } = fstatSync(directory);
    if (owner !== null && ![owner.uid, 0, process.geteuid?.()].includes(uid))
      throw new HostdError('permission', `its directory belongs to uid ${uid}`);
    const name = basename(path);
    return how === 'replace' ? moveOver(directory, name, node) : link(directory, name, node);
  } finally {
    closeSync(directory);
  }
}

function link(directory: number, name: string, node: number): boolean {
  try {
    native.linkFile(node, directory, name);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Gives the name by way of another one, since link(2) replaces nothing. */
function moveOver(directory: number, name: string, node: number): true {
  const draft = `.${name.slice(0, 64)}.${process.pid}`;
  remove(entry(directory, draft));
  native.linkFile(node, directory, draft);
  try {
    renameSync(entry(directory, draft), entry(directory, name));
    return true;
  } finally {
    // rename(2) does nothing where both names are of one file already.
    remove(entry(directory, draft));
  }
}

export function setRights(node: number, rights: Rights | null): void {
  if (rights === null) return;
  if (process.geteuid?.() === 0) chownSync(`/proc/self/fd/${node}`, rights.uid, rights.gid);
  chmodSync(`/proc/self/fd/${node}`, rights.mode);
}

export function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory).map(name => join(directory, name));
  } catch {
    return [];
  }
}

export function secondName(directory: string, path: string): string {
  return join(directory, `.${native.sha256(path).slice(0, 32)}.sock`);
}

/** false: the directory is on another file system, or hostd cannot write to it. */
export function addName(node: number, directory: string, path: string): boolean {
  try {
    const fd = openDirectory(directory);
    try {
      const name = basename(secondName(directory, path));
      const there = openNode(fd, name);
      if (there !== null) {
        const isIt = isSame(fstatSync(there), fstatSync(node));
        closeSync(there);
        if (isIt) return true;
        unlinkSync(entry(fd, name));
      }
      native.linkFile(node, fd, name);
      return true;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

/**
 * The file of a socket that an earlier hostd has made: at its path a socket of hostd's own user, or of `uid`, whom hostd gives it to;
 * else the file of its second name. hostd does not connect to find out: a program may not cope with a client that says nothing.
 */
export function findNode(path: string, places: readonly string[], uid?: number): number | null {
  const owners = [process.geteuid?.(), uid];
  for (const candidate of [path, ...places.map(place => secondName(place, path))]) {
    try {
      const directory = openDirectory(dirname(candidate));
      try {
        const node = openNode(directory, basename(candidate));
        if (node === null) continue;
        const stats = fstatSync(node);
        if (stats.isSocket() && (candidate !== path || owners.includes(stats.uid))) return node;
        closeSync(node);
      } finally {
        closeSync(directory);
      }
    } catch {
      // The file is not there.
    }
  }
  return null;
}

/** A reference to an entry of a directory, of any type; null: there is none. */
function openNode(directory: number, name: string): number | null {
  try {
    return native.openAt(directory, name, O_PATH | constants.O_NOFOLLOW, 0, RESOLVE_BENEATH);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Removes a name, if it is this socket's. */
export function removeName(path: string, node: number): void {
  try {
    const directory = openDirectory(dirname(path));
    try {
      const there = openNode(directory, basename(path));
      if (there === null) return;
      const isIt = isSame(fstatSync(there), fstatSync(node));
      closeSync(there);
      if (isIt) unlinkSync(entry(directory, basename(path)));
    } finally {
      closeSync(directory);
    }
  } catch {
    // The directory is gone, and the name with it.
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

export function isSame(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}
