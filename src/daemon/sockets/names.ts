// The paths of the sockets that hostd holds stay their names, whatever is done to the files: rm, a cleaner of old files, chown -R, a
// start script that begins with rm -f. name-state.ts decides what is done about it.
// A socket file whose last name is gone can get no other. So each has a second name in a directory of hostd's own on the same
// file system, else beside the first. When both are gone the socket is lost, and the program's next run gets a new one.

import { closeSync, fstatSync, rmSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, messageOf } from '../../errors.ts';
import { type Owner, openDirectory } from '../../linux/paths.ts';
import { type QuietWatch, watchQuietly } from '../../linux/quiet-watch.ts';
import {
  addName,
  filesIn,
  findNode,
  giveName,
  isSame,
  look,
  removeName,
  secondName,
  setRights,
} from './name-files.ts';
import { mendOf, type Rights } from './name-state.ts';

export interface SocketNames {
  /**
   * From now on `path` stays the name of the socket file `node` (O_PATH), which Names closes in the end. `owner`: whose rights a
   * missing directory is made with; null: it is not made. `rights` null: they are not known.
   */
  keep(path: string, node: number, owner: Owner | null, rights: Rights | null): void;
  /** The same, for a socket that an earlier hostd made: its file is found by its names. */
  keepFound(path: string, owner: Owner | null, rights: Rights | null): void;
  /** Looks at the path and puts it right. false: the socket's file was never found, or has lost its last name. */
  restore(path: string): boolean;
  /** Whether a program listens at the path by itself: whoever connects finds that program's socket. As it was last seen. */
  isTaken(path: string): boolean;
  /** Takes both names away. */
  remove(path: string): void;
  /** Removes the second names of sockets that are not kept: an earlier hostd had them, perhaps before a reboot. */
  sweep(): void;
}

interface Kept {
  readonly node: number;
  readonly owner: Owner | null;
  readonly rights: Rights | null;
  watches: readonly QuietWatch[];
  /** The directory that is watched. A new directory of that name gets a new watch. */
  watched: { readonly fd: number; readonly stats: Stats } | null;
  /** A socket in the place of ours that did not listen yet, and when it was first seen. */
  newcomer: { readonly inode: number; readonly at: number } | null;
  /** A program listens at the path by itself. */
  isTaken: boolean;
  /** The last message. It is not repeated until the path has been right once. */
  said: string | null;
}

/** Milliseconds between two looks at a directory in which something changes all the time. */
const restMs = 200;
/** Milliseconds from bind(2) to listen(2), after which a socket counts as left by a program that is gone. Visitors wait as long (ECONNREFUSED). */
const listenMs = 1000;
/** Milliseconds in which the loss of one path is told once. A program may remove its socket at each start. */
const lostRestMs = 60_000;

/**
 * `directories`: where second names may be. The first on the socket's file system is used. Only hostd may enter them.
 * `warn` is called with what was put right, and what could not be. `lost` is called for a socket that has lost its last name while it
 * was watched: for one path once in a while.
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
  const restore = (path: string, isWatch = false): boolean => {
    const kept = all.get(path);
    if (kept === undefined) return false;
    try {
      if (isWatch && isComing(path, kept)) return true;
      return mend(path, kept, say, isWatch);
    } catch (error) {
      say(kept, `cannot put right the socket "${path}": ${errnoOf(error) ?? messageOf(error)}`);
      // Whatever the file system says now, the socket is the same.
      return fstatSync(kept.node).nlink > 0;
    } finally {
      watch(path, kept);
    }
  };
  /** Whether a program has just bound the path, and may be about to listen. Then the path is looked at again. */
  const isComing = (path: string, kept: Kept): boolean => {
    const seen = look(path, kept.node);
    const inode = seen.kind === 'other' && !seen.listens ? (seen.inode ?? null) : null;
    if (inode === null) {
      kept.newcomer = null;
      return false;
    }
    const now = performance.now();
    if (kept.newcomer?.inode === inode) return now - kept.newcomer.at < listenMs;
    kept.newcomer = { inode, at: now };
    setTimeout(() => {
      if (all.get(path) === kept) restore(path, true);
    }, listenMs + 10).unref();
    return true;
  };
  const told = new Map<string, number>();
  const tellLost = (path: string) => {
    const now = performance.now();
    if (now - (told.get(path) ?? Number.NEGATIVE_INFINITY) < lostRestMs) return;
    told.set(path, now);
    lost(path);
  };
  /** Watches the directory for changes of the file's names and rights, and the parent for changes of the directory. */
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
    const lookAgain = () => {
      const before = kept.said;
      if (!restore(path, true)) tellLost(path);
      return kept.said !== before;
    };
    const parent = openParent(path);
    kept.watched = { fd, stats };
    kept.watches = [fd, parent].flatMap(directory =>
      directory === null ? [] : [closing(directory, watchQuietly(directory, restMs, lookAgain))],
    );
  };

  const keep = (path: string, node: number, owner: Owner | null, rights: Rights | null) => {
    forget(path);
    places(path).some(directory => addName(node, directory, path));
    const fresh = { watches: [], watched: null, newcomer: null, isTaken: false, said: null };
    const kept: Kept = { node, owner, rights, ...fresh };
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
      const node = findNode(path, places(path), rights?.uid);
      if (node === null) return;
      keep(path, node, owner, rights);
      restore(path);
    },
    restore: path => restore(path),
    isTaken: path => all.get(path)?.isTaken ?? false,
    remove: path => forget(path, true),
    sweep() {
      const known = new Set(
        [...all.keys()].flatMap(path => places(path).map(place => secondName(place, path))),
      );
      for (const name of directories.flatMap(filesIn))
        if (!known.has(name)) rmSync(name, { recursive: true, force: true });
    },
  };
}

/** Puts one path right. false: that is impossible for good. `isWatch`: the watch also tells of what comes to the path meanwhile. */
function mend(
  path: string,
  kept: Kept,
  say: (kept: Kept, message: string) => void,
  isWatch: boolean,
): boolean {
  const seen = look(path, kept.node);
  if (seen.kind === 'hidden') say(kept, `cannot look at the socket "${path}": ${seen.why}`);
  const how = mendOf(seen, kept.rights);
  if (seen.kind !== 'hidden') kept.isTaken = how === 'leave';
  switch (how) {
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
        `"${path}" is another socket than hostd's: a program listens there by itself, and is left to it. A restart loses what is under way then: let a start script end in "exec ..."`,
      );
      return true;
    case 'name':
      if (fstatSync(kept.node).nlink === 0) {
        say(kept, `the socket "${path}" has been removed, and cannot get its name back`);
        return false;
      }
      setRights(kept.node, kept.rights);
      // A program that starts removes the file and binds a moment later. What it has bound by now is not taken from it.
      if (!giveName(path, kept.node, kept.owner, seen.kind === 'missing' ? 'if free' : 'replace'))
        return isWatch || mend(path, kept, say, isWatch);
      say(
        kept,
        `put back the socket "${path}": somebody had ${seen.kind === 'missing' ? 'removed' : 'replaced'} it`,
      );
      return true;
  }
}

function openParent(path: string): number | null {
  try {
    return openDirectory(dirname(dirname(path)));
  } catch {
    return null;
  }
}

function unwatch(kept: Kept): void {
  for (const watch of kept.watches) watch.close();
  kept.watches = [];
  kept.watched = null;
}

/** The watch, which also closes the directory that it needs. */
function closing(fd: number, watch: QuietWatch): QuietWatch {
  return {
    close() {
      watch.close();
      closeSync(fd);
    },
  };
}
