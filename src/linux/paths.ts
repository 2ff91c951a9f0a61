// Opens files below a directory that an app may write to, without being led astray. Root never follows a symbolic link
// that somebody else could have made, and looks at what it has opened before it uses it.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { errnoOf, HostdError } from '../errors.ts';
import {
  native,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from '../native/index.ts';

/** The user whose rights a file is made and opened with. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const { O_RDONLY, O_WRONLY, O_APPEND, O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
const beneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
const mostLinks = 40;

/** The path of an open directory's entry that no rename or link on the way can divert; valid while `fd` is open. */
export function entry(fd: number, name: string): string {
  return `/proc/self/fd/${fd}/${name}`;
}

/**
 * Opens a directory by its absolute path, for reference (O_PATH). Follows symbolic links only where nobody but
 * root (or the user that hostd runs as) could have made them.
 * @throws HostdError 'permission' for a link in a directory that others may write to; the usual errors of open(2).
 */
export function openDirectory(path: string): number {
  if (!isAbsolute(path)) throw new HostdError('failed', `cannot open "${path}": not an absolute path`);
  let rest = path.split(sep).filter(part => part !== '' && part !== '.');
  let walked = '/';
  let links = 0;
  let trusted = true;
  let fd = openSync('/', O_PATH | O_DIRECTORY);
  try {
    for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
      const directory = fstatSync(fd);
      const trustedLink = trusted && onlyTrustedWrite(directory);
      // A directory of root's below one of an app's proves nothing: the app may have moved it there.
      trusted &&= onlyTrustedWrite(directory) || isSticky(directory);
      const next = native.openAt(fd, part, O_PATH | O_NOFOLLOW, 0, 0);
      const stats = fstatSync(next);
      if (stats.isSymbolicLink()) {
        closeSync(next);
        const link = join(walked, part);
        if (!trustedLink) throw untrustedLink(link);
        if (++links > mostLinks)
          throw new HostdError('failed', `cannot open "${path}": too many symbolic links`);
        const target = readlinkSync(entry(fd, part));
        rest = [...target.split(sep).filter(p => p !== '' && p !== '.'), ...rest];
        if (!isAbsolute(target)) continue;
        closeSync(fd);
        fd = openSync('/', O_PATH | O_DIRECTORY);
        walked = '/';
        trusted = true;
        continue;
      }
      closeSync(fd);
      fd = next;
      walked = part === '..' ? dirname(walked) : join(walked, part);
      if (!stats.isDirectory()) throw new HostdError('failed', `cannot open "${walked}": not a directory`);
    }
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Runs `action` with the file system rights of `owner`; hostd's own rights are back when it returns or throws. */
export function as<T>(owner: Owner, action: () => T): T {
  const uid = process.geteuid?.() ?? 0;
  if (uid !== 0 || owner.uid === 0) return action();
  native.setFsIds(owner.uid, owner.gid);
  try {
    return action();
  } finally {
    native.setFsIds(uid, process.getegid?.() ?? 0);
  }
}

/** Makes a directory and its missing parents, as `owner`, and opens it like openDirectory. */
export function makeDirectory(path: string, owner: Owner, mode: number): number {
  try {
    return openDirectory(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || path === '/') throw error;
  }
  const parent = makeDirectory(dirname(path), owner, mode);
  try {
    const name = path.slice(path.lastIndexOf(sep) + 1);
    try {
      as(owner, () => mkdirSync(entry(parent, name), mode));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    return native.openAt(parent, name, O_PATH | O_DIRECTORY, 0, beneath);
  } finally {
    closeSync(parent);
  }
}

/**
 * Opens a log file for appending. Makes it, and its directories, if they are missing. Uses the owner's own rights, and root's only
 * where those do not suffice (a log that root made, in a directory of root's).
 * @throws HostdError 'permission' for anything but a regular file with one name.
 */
export function openForAppending(path: string, owner: Owner, mode = 0o600): number {
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  const directory = makeDirectory(dirname(path), owner, 0o755);
  try {
    return openRegular(directory, path, flags, owner, mode);
  } finally {
    closeSync(directory);
  }
}

/**
 * Opens a regular file for reading, by the same rules. Also follows links that nobody but root could have made, such as those in
 * certbot's live directory.
 */
export function openThroughLinks(path: string, owner: Owner): number {
  let at = path;
  for (let links = 0; links < mostLinks; links++) {
    const directory = openDirectory(dirname(at));
    try {
      const target = linkIn(directory, at);
      if (target === null)
        return openRegular(directory, at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, owner);
      // By the directory's own name, so that ".." in the target means the directory above it.
      at = resolve(readlinkSync(`/proc/self/fd/${directory}`), target);
    } finally {
      closeSync(directory);
    }
  }
  throw new HostdError('failed', `cannot open "${path}": too many symbolic links`);
}

/**
 * Opens a path of root's own configuration for appending. Makes a missing file, with `mode` less the umask. Follows links that nobody
 * but root could have made. Where nobody else may write, it also opens a device or a FIFO.
 * @throws HostdError 'permission' where somebody else may have put it there; the usual errors of open(2).
 */
export function openAsOwn(path: string, mode: number): number {
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  let at = resolve(path);
  for (let links = 0; links < mostLinks; links++) {
    const directory = openDirectory(dirname(at));
    try {
      const place = readlinkSync(`/proc/self/fd/${directory}`);
      const target = linkIn(directory, at);
      if (target !== null) {
        at = resolve(place, target);
        continue;
      }
      const fd = native.openAt(directory, at.slice(at.lastIndexOf(sep) + 1), flags, mode, beneath);
      const stats = fstatSync(fd);
      if ((stats.isFile() && stats.nlink === 1) || (!stats.isDirectory() && isTrusted(place))) return fd;
      closeSync(fd);
      throw notRegular(at);
    } catch (error) {
      throw errnoOf(error) === 'ELOOP' ? untrustedLink(at) : error;
    } finally {
      closeSync(directory);
    }
  }
  throw new HostdError('failed', `cannot open "${path}": too many symbolic links`);
}

/** The target of a path's last name, if that is a link that nobody but root could have put there; else null. */
function linkIn(directory: number, path: string): string | null {
  const name = path.slice(path.lastIndexOf(sep) + 1);
  try {
    if (!isTrusted(readlinkSync(`/proc/self/fd/${directory}`))) return null;
    return readlinkSync(entry(directory, name));
  } catch {
    return null;
  }
}

/** Opens a regular file for reading, by the same rules. */
export function openForReading(path: string, owner: Owner): number {
  const directory = openDirectory(dirname(path));
  try {
    return openRegular(directory, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, owner);
  } finally {
    closeSync(directory);
  }
}

function openRegular(directory: number, path: string, flags: number, owner: Owner, made = 0o600): number {
  const name = path.slice(path.lastIndexOf(sep) + 1);
  // openat2(2) refuses a mode without O_CREAT.
  const mode = flags & O_CREAT ? made : 0;
  const open = () => native.openAt(directory, name, flags, mode, beneath);
  let fd: number;
  let asRoot = false;
  try {
    fd = as(owner, open);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ELOOP') throw untrustedLink(path);
    if (code === 'ENXIO' || code === 'EISDIR') throw notRegular(path);
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    fd = open();
    asRoot = true;
  }
  const stats = fstatSync(fd);
  // Another user's file may have been moved here. The app could not have opened it.
  const fitting = !asRoot || stats.uid === owner.uid || stats.uid === process.geteuid?.();
  if (stats.isFile() && stats.nlink === 1 && fitting) return fd;
  closeSync(fd);
  throw notRegular(path);
}

function onlyTrustedWrite(stats: Stats): boolean {
  const trustedOwner = stats.uid === 0 || stats.uid === process.geteuid?.();
  return trustedOwner && (stats.mode & 0o022) === 0;
}

/** Whether nobody else can change what is in a directory, or move the directory. `path` has no links. */
function isTrusted(path: string): boolean {
  const parts = path.split(sep).filter(Boolean);
  return ['/', ...parts.map((_, at) => `/${parts.slice(0, at + 1).join(sep)}`)].every(prefix => {
    const stats = lstatSync(prefix);
    return onlyTrustedWrite(stats) || (isSticky(stats) && prefix !== path);
  });
}

/** Whether it is like /tmp: nobody can replace another user's entry. */
function isSticky(stats: Stats): boolean {
  return stats.uid === 0 && (stats.mode & 0o1000) !== 0;
}

function untrustedLink(path: string): HostdError {
  return new HostdError('permission', `cannot open "${path}": a symbolic link where an app may write`, {
    hint: `replace it by what it points to: readlink -f ${path}`,
  });
}

function notRegular(path: string): HostdError {
  return new HostdError('permission', `cannot open "${path}": not a regular file with one name`, {
    hint: `look at it with: ls -ld ${path}`,
  });
}
