// Gives a directory tree to another user, as root, by the same rules as remove-tree.ts.

import { chownSync, closeSync, constants, fstatSync, readdirSync, type Stats } from 'node:fs';
import { HostdError } from '../errors.ts';
import { openStrictly, openTop, strict } from '../linux/trusted.ts';
import { native, O_PATH } from '../native/index.ts';

export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

const { O_NOFOLLOW } = constants;

/**
 * Gives everything below `top`, itself included, to `to`, if `from` owns it. Files with a second name are refused, since the other
 * name may be anywhere. Returns how many entries were given. When it throws, what was given so far is given back.
 */
export function chownTree(
  top: string,
  from: number,
  to: Ids,
): { readonly count: number; readonly undo: () => void } {
  const back: { readonly path: readonly string[]; readonly old: Stats }[] = [];
  const fd = openTop(top);
  const undo = () => {
    for (const { path, old } of back.toReversed()) giveBack(top, path, to, old);
  };
  try {
    chownEntries(fd, [], { top, from, to, given: (path, old) => back.push({ path, old }) });
    return { count: back.length, undo };
  } catch (error) {
    undo();
    throw error;
  } finally {
    closeSync(fd);
  }
}

interface Chown {
  readonly top: string;
  readonly from: number;
  readonly to: Ids;
  given(path: readonly string[], old: Stats): void;
}

/** Levels of a tree that can be given away. */
const deepestGiven = 500;

function chownEntries(fd: number, path: readonly string[], chown: Chown): void {
  if (path.length > deepestGiven)
    throw new HostdError('failed', `cannot chown "${chown.top}": deeper than ${deepestGiven} directories`);
  for (const name of readdirSync(`/proc/self/fd/${fd}`)) {
    const inner = [...path, name];
    const where = [chown.top, ...inner].join('/');
    const node = native.openAt(fd, name, O_PATH | O_NOFOLLOW, 0, 0);
    try {
      const stats = fstatSync(node);
      if (stats.isDirectory()) {
        const directory = openStrictly(fd, name, where);
        try {
          chownEntries(directory, inner, chown);
        } finally {
          closeSync(directory);
        }
        continue;
      }
      if (stats.uid !== chown.from) continue;
      if (stats.isFile() && stats.nlink > 1)
        throw new HostdError('permission', `cannot chown "${where}": the file has a second name elsewhere`, {
          hint: `find ${chown.top} -xdev -type f -links +1`,
        });
      give(node, stats, inner, chown);
    } finally {
      closeSync(node);
    }
  }
  // The directory comes last: until then its new owner can change nothing in it.
  const stats = fstatSync(fd);
  if (stats.uid === chown.from) give(fd, stats, path, chown);
}

function give(fd: number, stats: Stats, path: readonly string[], { to, given }: Chown): void {
  setOwner(fd, stats, to);
  given(path, stats);
}

/** Sets the owner of the open node itself, also of a link (open(2), O_PATH; fchownat(2), AT_EMPTY_PATH). */
function setOwner(fd: number, stats: Stats, { uid, gid }: Ids): void {
  if (stats.isSymbolicLink()) return; // a link's owner matters in sticky directories only
  chownSync(`/proc/self/fd/${fd}`, uid, gid);
}

function giveBack(top: string, path: readonly string[], from: Ids, old: Stats): void {
  try {
    const fd = path.length === 0 ? openTop(top) : openNode(top, path);
    try {
      const stats = fstatSync(fd);
      if (stats.ino === old.ino && stats.dev === old.dev && stats.uid === from.uid) setOwner(fd, stats, old);
    } finally {
      closeSync(fd);
    }
  } catch {
    // The entry is gone, so there is nothing to give back.
  }
}

function openNode(top: string, path: readonly string[]): number {
  const fd = openTop(top);
  try {
    return native.openAt(fd, path.join('/'), O_PATH | O_NOFOLLOW, 0, strict);
  } finally {
    closeSync(fd);
  }
}
