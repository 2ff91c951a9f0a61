// The paths of the sockets that hostd holds stay their names, whoever removes, covers, gives away or closes the files: rm, a
// cleaner of old files, chown -R, a start script that begins with rm -f. What is to be done is name-state.ts's decision.
// A socket file whose last name is gone can get none again, so each has a second one in a directory of hostd's own on the same
// file system, else beside the first. When both are gone the socket is lost; whoever starts the next run makes another.

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
import { type QuietWatch, watchQuietly } from '../../linux/quiet-watch.ts';
import { native, O_PATH, RESOLVE_BENEATH } from '../../native/index.ts';
import { sha256 } from '../own/digest.ts';
import { mendOf, type Rights, type Seen } from './name-state.ts';

export interface SocketNames {
  /**
   * From now on `path` stays the name of the socket file `node` (O_PATH), which becomes this one's to close. `owner`: whose
   * rights a missing directory is made with; null: it is not made. `rights` null: they are not known.
   */
  keep(path: string, node: number, owner: Owner | null, rights: Rights | null): void;
  /** The same, for a socket that an earlier hostd made: its file is found by its names. */
  keepFound(path: string, owner: Owner | null, rights: Rights | null): void;
  /** Looks at the path and puts right what is wrong. false: the socket has lost its last name, and can have none again. */
  restore(path: string): boolean;
  /** Takes both names away. */
  remove(path: string): void;
  /** Takes away the second names of sockets that are not kept: they ended with an earlier hostd, or with the machine. */
  sweep(): void;
}

interface Kept {
  readonly node: number;
  readonly owner: Owner | null;
  readonly rights: Rights | null;
  watches: readonly QuietWatch[];
  /** The directory that is watched; another one of the same name is watched anew. */
  watched: { readonly fd: number; readonly stats: Stats } | null;
  /** What was said last: the same is not said again until it has been right once. */
  said: string | null;
}

/** Milliseconds between two looks at a directory in which something changes all the time. */
const restMs = 200;
/** Milliseconds in which the loss of one path is told once: a program may remove its socket at each start. */
const lostRestMs = 60_000;

/**
 * `directories`: where second names may be, the first on the socket's file system is taken; nobody but hostd may enter them.
 * `warn` hears of what was put right, and what could not be. `lost` hears of a socket that has lost its last name while
 * it was watched, of the same path once in a while.
 */
export function keepNames(
  directories: readonly string[],
  warn: (message: string) => void,
  lost: (path: string) => void = () => {},
): SocketNames {
  const all = new Map<string, Kept>();

  const say = (kept: Kept, message: string) => {
    if (kept.said !== message) warn(message);
    kept.said = message;
  };
  const restore = (path: string): boolean => {
    const kept = all.get(path);
    if (kept === undefined) return true;
    try {
      return mend(path, kept, say);
    } catch (error) {
      say(kept, `cannot put right the socket "${path}": ${errnoOf(error) ?? messageOf(error)}`);
      // Whatever the file system says now, the socket is what it was.
      return fstatSync(kept.node).nlink > 0;
    } finally {
      watch(path, kept);
    }
  };
  const told = new Map<string, number>();
  const tellLost = (path: string) => {
    const now = performance.now();
    if (now - (told.get(path) ?? Number.NEGATIVE_INFINITY) < lostRestMs) return;
    told.set(path, now);
    lost(path);
  };
  /** The directory tells of the file's names and rights, its parent of the directory's own. */
  const watch = (path: string, kept: Kept) => {
    let fd: number;
    try {
      fd = openDirectory(dirname(path));
    } catch {
      return;
    }
    const stats = fstatSync(fd);
    if (kept.watched !== null && isSame(kept.watched.stats, stats)) return closeSync(fd);
    unwatch(kept);
    const look = () => {
      const before = kept.said;
      if (!restore(path)) tellLost(path);
      return kept.said !== before;
    };
    const parent = openParent(path);
    kept.watched = { fd, stats };
    kept.watches = [fd, parent].flatMap(directory =>
      directory === null ? [] : [closing(directory, watchQuietly(directory, restMs, look))],
    );
  };

  const keep = (path: string, node: number, owner: Owner | null, rights: Rights | null) => {
    forget(path);
    places(path).some(directory => addName(node, directory, path));
    const kept: Kept = { node, owner, rights, watches: [], watched: null, said: null };
    all.set(path, kept);
    watch(path, kept);
  };
  const places = (path: string) => [...directories, dirname(path)];
  const forget = (path: string, isGone = false) => {
    const kept = all.get(path);
    if (kept === undefined) return;
    all.delete(path);
    unwatch(kept);
    if (isGone)
      for (const name of [path, ...places(path).map(place => secondName(place, path))])
        removeName(name, kept.node);
    closeSync(kept.node);
  };

  return {
    keep,
    keepFound(path, owner, rights) {
      const node = findNode(path, places(path));
      if (node === null) return;
      keep(path, node, owner, rights);
      restore(path);
    },
    restore,
    remove: path => forget(path, true),
    sweep() {
      const known = new Set(
        [...all.keys()].flatMap(path => places(path).map(place => secondName(place, path))),
      );
      for (const name of directories.flatMap(filesIn)) if (!known.has(name)) unlinkSync(name);
    },
  };
}

/** Puts one path right. false: it cannot be, for good. */
function mend(path: string, kept: Kept, say: (kept: Kept, message: string) => void): boolean {
  const seen = look(path, kept.node);
  if (seen.kind === 'hidden') say(kept, `cannot look at the socket "${path}": ${seen.why}`);
  switch (mendOf(seen, kept.rights)) {
    case 'nothing':
      if (seen.kind === 'held') kept.said = null;
      return true;
    case 'rights':
      setRights(kept.node, kept.rights);
      say(kept, `put right the socket "${path}": somebody had changed its owner, group or mode`);
      return true;
    case 'leave':
      say(
        kept,
        `"${path}" is another socket than hostd's: a program listens there by itself, and is left to it`,
      );
      return true;
    case 'name':
      if (fstatSync(kept.node).nlink === 0) {
        say(kept, `the socket "${path}" has been removed, and cannot get its name back`);
        return false;
      }
      setRights(kept.node, kept.rights);
      giveName(path, kept);
      say(
        kept,
        `put back the socket "${path}": somebody had ${seen.kind === 'missing' ? 'removed' : 'replaced'} it`,
      );
      return true;
  }
}

/** What the path names, by way of its open directory, which no link can divert. */
function look(path: string, node: number): Seen {
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
      return { kind: 'other', listens: stats.isSocket() && native.answers(`/proc/self/fd/${found}`) === 1 };
    } finally {
      closeSync(found);
    }
  } finally {
    closeSync(directory);
  }
}

/** Under another name first, and then moved: whoever connects meanwhile finds one socket or the other. */
function giveName(path: string, { node, owner }: Kept): void {
  const directory =
    owner === null ? openDirectory(dirname(path)) : makeDirectory(dirname(path), owner, 0o755);
  try {
    const { uid } = fstatSync(directory);
    if (owner !== null && ![owner.uid, 0, process.geteuid?.()].includes(uid))
      throw new HostdError('permission', `its directory belongs to uid ${uid}`);
    const draft = `.${basename(path).slice(0, 64)}.${process.pid}`;
    remove(entry(directory, draft));
    native.linkFile(node, directory, draft);
    try {
      renameSync(entry(directory, draft), entry(directory, basename(path)));
    } finally {
      // rename(2) does nothing where both names are one file already.
      remove(entry(directory, draft));
    }
  } finally {
    closeSync(directory);
  }
}

function setRights(node: number, rights: Rights | null): void {
  if (rights === null) return;
  if (process.geteuid?.() === 0) chownSync(`/proc/self/fd/${node}`, rights.uid, rights.gid);
  chmodSync(`/proc/self/fd/${node}`, rights.mode);
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory).map(name => join(directory, name));
  } catch {
    return [];
  }
}

function secondName(directory: string, path: string): string {
  return join(directory, `.${sha256(path).slice(0, 32)}.sock`);
}

/** false: the directory is on another file system, or cannot be written to. */
function addName(node: number, directory: string, path: string): boolean {
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
 * The file of a socket that an earlier hostd made: a socket of hostd's own user at its path, else what has its second name. It
 * is not asked by connecting: a program may not be up to a visitor who says nothing.
 */
function findNode(path: string, places: readonly string[]): number | null {
  for (const candidate of [path, ...places.map(place => secondName(place, path))]) {
    try {
      const directory = openDirectory(dirname(candidate));
      try {
        const node = openNode(directory, basename(candidate));
        if (node === null) continue;
        const stats = fstatSync(node);
        if (stats.isSocket() && (candidate !== path || stats.uid === process.geteuid?.())) return node;
        closeSync(node);
      } finally {
        closeSync(directory);
      }
    } catch {
      // Not there.
    }
  }
  return null;
}

/** A reference to a directory's entry, whatever it is; null: there is none. */
function openNode(directory: number, name: string): number | null {
  try {
    return native.openAt(directory, name, O_PATH | constants.O_NOFOLLOW, 0, RESOLVE_BENEATH);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function openParent(path: string): number | null {
  try {
    return openDirectory(dirname(dirname(path)));
  } catch {
    return null;
  }
}

/** Removes a name, if it is this socket's. */
function removeName(path: string, node: number): void {
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

function unwatch(kept: Kept): void {
  for (const watch of kept.watches) watch.close();
  kept.watches = [];
  kept.watched = null;
}

/** The watch, with the directory that it needs open. */
function closing(fd: number, watch: QuietWatch): QuietWatch {
  return {
    close() {
      watch.close();
      closeSync(fd);
    },
  };
}

function isSame(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}
