// The paths of the sockets that hostd holds stay their names, whoever removes, covers, gives away or closes the files: rm, a
// cleaner of old files, chown -R, a start script that begins with rm -f. What is to be done is name-state.ts's decision.
// A socket file whose last name is gone can get none again, so each has a second one in a directory of hostd's own on the same
// file system, else beside the first. When both are gone the socket is lost; whoever starts the next run makes another.

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
   * From now on `path` stays the name of the socket file `node` (O_PATH), which becomes this one's to close. `owner`: whose
   * rights a missing directory is made with; null: it is not made. `rights` null: they are not known.
   */
  keep(path: string, node: number, owner: Owner | null, rights: Rights | null): void;
  /** The same, for a socket that an earlier hostd made: its file is found by its names. */
  keepFound(path: string, owner: Owner | null, rights: Rights | null): void;
  /** Looks at the path and puts right what is wrong. false: the socket's file was never found, or has lost its last name for good. */
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
  /** A socket in the place of ours that did not listen yet, and when it was first seen. */
  newcomer: { readonly inode: number; readonly at: number } | null;
  /** What was said last: the same is not said again until it has been right once. */
  said: string | null;
}

/** Milliseconds between two looks at a directory in which something changes all the time. */
const restMs = 200;
/** Milliseconds that a program has between bind(2) and listen(2), before its socket counts as left by one that is gone. Visitors wait as long (ECONNREFUSED). */
const listenMs = 1000;
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
  const restore = (path: string, isWatch = false): boolean => {
    const kept = all.get(path);
    if (kept === undefined) return false;
    try {
      if (isWatch && isComing(path, kept)) return true;
      return mend(path, kept, say, isWatch);
    } catch (error) {
      say(kept, `cannot put right the socket "${path}": ${errnoOf(error) ?? messageOf(error)}`);
      // Whatever the file system says now, the socket is what it was.
      return fstatSync(kept.node).nlink > 0;
    } finally {
      watch(path, kept);
    }
  };
  /** Whether somebody has just bound the path, and may be about to listen: it is looked at again then. */
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
    const kept: Kept = { node, owner, rights, watches: [], watched: null, newcomer: null, said: null };
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
    restore: path => restore(path),
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

/** Puts one path right. false: it cannot be, for good. `isWatch`: what comes to the path meanwhile is told by the watch, too. */
function mend(
  path: string,
  kept: Kept,
  say: (kept: Kept, message: string) => void,
  isWatch: boolean,
): boolean {
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
        `"${path}" is another socket than hostd's: a program listens there by itself, and is left to it. A restart loses what is under way then: let a start script end in "exec ..."`,
      );
      return true;
    case 'name':
      if (fstatSync(kept.node).nlink === 0) {
        say(kept, `the socket "${path}" has been removed, and cannot get its name back`);
        return false;
      }
      setRights(kept.node, kept.rights);
      // A program that starts removes the file and binds a moment later: what it has bound by now is not taken from it.
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

/** The watch, with the directory that it needs open. */
function closing(fd: number, watch: QuietWatch): QuietWatch {
  return {
    close() {
      watch.close();
      closeSync(fd);
    },
  };
}
