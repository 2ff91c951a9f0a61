// The way to an app's files for root: over open directories, through no link and into no other file system. Above the app's own
// directory, through nothing that anybody but root may change.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  type Stats,
} from 'node:fs';
import { errnoOf, HostdError } from '../errors.ts';
import {
  native,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from '../native/index.ts';

/** openat2(2): fails with EXDEV where the path crosses a mount point, bind mounts included. */
const RESOLVE_NO_XDEV = 0x01;
/** For openat2: below the directory, through no link and no mount point. */
export const strict = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
const sticky = 0o1000;

/** The path of an open directory's entry that no rename or link on the way can divert. */
export function entry(fd: number, name: string): string {
  return `/proc/self/fd/${fd}/${name}`;
}

/**
 * Opens the directory that holds `path`, through directories that only root can change.
 * @throws HostdError 'permission' for a link, or a directory that others may write to; ENOENT where one is missing
 */
export function openParent(path: string): number {
  const parts = path.split('/').slice(1, -1);
  let fd = openSync('/', O_PATH | O_DIRECTORY);
  let walked = '';
  try {
    for (const part of parts) {
      walked += `/${part}`;
      const next = native.openAt(fd, part, O_PATH | O_NOFOLLOW, 0, 0);
      closeSync(fd);
      fd = next;
      checkTrusted(fstatSync(fd), walked);
    }
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function checkTrusted(stats: Stats, path: string): void {
  const fail = (why: string, hint: string) =>
    new HostdError('permission', `cannot use "${path}": ${why}`, { hint });
  if (stats.isSymbolicLink())
    throw fail('it is a symbolic link', 'name the directory itself, see: readlink -f');
  if (!stats.isDirectory()) throw fail('it is not a directory', `ls -ld ${path}`);
  if (stats.uid !== 0) throw fail('it does not belong to root', `chown root ${path}`);
  // In a sticky directory nobody can move root's entries.
  if ((stats.mode & 0o022) !== 0 && (stats.mode & sticky) === 0)
    throw fail('others may write to it', `chmod go-w ${path}`);
}

/** Makes the missing parents of `path`, the topmost first, owned by root. Returns those that were made. */
export function makeParents(path: string): readonly string[] {
  const made: string[] = [];
  const parts = path.split('/').slice(1, -1);
  parts.forEach((part, index) => {
    const directory = `/${parts.slice(0, index + 1).join('/')}`;
    const parent = openParent(directory);
    try {
      mkdirSync(entry(parent, part), 0o755);
      made.push(directory);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    } finally {
      closeSync(parent);
    }
  });
  return made;
}

/** Removes a directory if it is empty. */
export function removeEmpty(path: string): boolean {
  try {
    const parent = openParent(path);
    try {
      rmdirSync(entry(parent, nameOf(path)));
      return true;
    } finally {
      closeSync(parent);
    }
  } catch {
    return false;
  }
}

/** The owner of `path`, which is not followed if it is a link; null: nothing is there. */
export function ownerOf(path: string): Stats | null {
  try {
    const parent = openParent(path);
    try {
      return lstatSync(entry(parent, nameOf(path)));
    } finally {
      closeSync(parent);
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Opens a directory for reading. @throws HostdError 'permission' when it is a link or no directory. */
export function openTop(path: string): number {
  const parent = openParent(path);
  try {
    return native.openAt(parent, nameOf(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, 0);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ELOOP' || code === 'ENOTDIR')
      throw new HostdError('permission', `cannot use "${path}": it is not a directory`, {
        hint: `ls -ld ${path}`,
      });
    throw error;
  } finally {
    closeSync(parent);
  }
}

/** Opens an entry of a directory, which must be a directory, for reading. @throws HostdError 'failed' at a mount point */
export function openStrictly(parent: number, name: string, path: string): number {
  try {
    return native.openAt(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, strict);
  } catch (cause) {
    if (errnoOf(cause) !== 'EXDEV') throw cause;
    throw new HostdError('failed', `cannot go into "${path}": another file system is mounted there`, {
      hint: `umount ${path}`,
      cause,
    });
  }
}

/** The last name of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
