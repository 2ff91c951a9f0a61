// Opens a file below an alias, and never leaves the alias but by a link to a file of the link's owner. The open file is judged, not
// what its path looked like before. Knows nothing of HTTP but the status that says what went wrong.

import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { asPath, realAlias } from './alias.ts';
import { followLinks } from './links.ts';
import { refusalOf } from './refusal.ts';

export type Opened =
  | { readonly kind: 'file'; readonly fd: number; readonly stats: Stats }
  | { readonly kind: 'directory' }
  /** `why`: for the site's error log; null: nothing has that name, or it is never served. */
  | { readonly kind: 'refused'; readonly status: 403 | 404 | 500; readonly why: string | null };

const absent: Opened = { kind: 'refused', status: 404, why: null };

function refused(path: string, error: unknown): Opened {
  const code = errnoOf(error);
  const status = statusOf(code);
  return {
    kind: 'refused',
    status,
    why: status === 404 ? null : refusalOf('open', path, code ?? String(error)),
  };
}

/** A real directory, with "/" at its end, and its inode and owner when it was looked up. */
interface RealAlias {
  readonly path: string;
  readonly ino: number;
  readonly dev: number;
  readonly uid: number;
}

/** An alias may itself be a link (static -> releases/7/static). This is where each alias led when it was last looked up. */
const realAliases = new Map<string, RealAlias>();

/**
 * `path` is relative to `alias` (which ends with "/"), latin-1, without "..". Refuses names that begin with a dot except
 * .well-known at the top, links to files of somebody other than the link's owner, and anything that is no regular file or directory.
 */
export function openBelow(alias: string, path: string): Opened {
  if (hasHiddenName(path)) return absent;
  let fd: number;
  try {
    // O_NONBLOCK: a FIFO without a writer would block the open. O_NOFOLLOW: the last name is no link.
    fd = openSync(asPath(alias + path), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    return errnoOf(error) === 'ELOOP' ? openByLinks(alias, path) : refused(alias + path, error);
  }
  const opened = judgeSafely(fd, alias, path);
  if (opened?.kind !== 'file') closeSync(fd);
  return opened ?? openByLinks(alias, path);
}

/** judge(), or a refusal where readlink(2) fails: the kernel has no name for a file deeper than 4096 bytes, and an app can make one. */
function judgeSafely(fd: number, alias: string, path: string): Opened | null {
  try {
    return judge(fd, alias, path);
  } catch (error) {
    return refused(alias + path, error);
  }
}

/** null: a link on the way has led to the file. */
function judge(fd: number, alias: string, path: string): Opened | null {
  const stats = fstatSync(fd);
  if (!isBelow(fd, alias, path, stats)) return null;
  if (stats.isDirectory()) return { kind: 'directory' };
  return stats.isFile() ? { kind: 'file', fd, stats } : absent;
}

function openByLinks(alias: string, path: string): Opened {
  const real = realAlias(alias);
  if (real === null) return absent;
  try {
    const found = followLinks(real, path);
    if (found.kind === 'refused') return found;
    const { fd, stats } = found;
    try {
      if (stats.isDirectory()) return { kind: 'directory' };
      if (!stats.isFile()) return absent;
      // Opens the very file that was judged, this time to read it.
      return { kind: 'file', fd: openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY), stats };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return refused(alias + path, error);
  }
}

/** Whether the kernel's own name for the open file is the path that was asked for. A link on the way gives it another name. */
function isBelow(fd: number, alias: string, path: string, stats: Stats): boolean {
  const actual = readlinkSync(`/proc/self/fd/${fd}`, 'latin1');
  const cached = realAliases.get(alias);
  if (cached !== undefined && isNamed(actual, cached.path + path, stats) && isStill(cached)) return true;
  const real = realAlias(alias);
  if (real === null) return false;
  const looked = look(real);
  if (looked === null) return false;
  realAliases.set(alias, looked);
  return isNamed(actual, real + path, stats);
}

/** Below a directory such as /tmp somebody else may have made another directory of the same name since. Then the link is judged anew. */
function isStill({ path, ino, dev, uid }: RealAlias): boolean {
  const now = look(path);
  return now !== null && now.ino === ino && now.dev === dev && now.uid === uid;
}

function look(path: string): RealAlias | null {
  const stats = lstatSync(asPath(path), { throwIfNoEntry: false });
  return stats === undefined ? null : { path, ino: stats.ino, dev: stats.dev, uid: stats.uid };
}

/** Whether `actual` is the path, or the path of a file that was replaced since it was opened: the kernel adds a word to that. */
function isNamed(actual: string, path: string, stats: Stats): boolean {
  const wanted = path.endsWith('/') ? path.slice(0, -1) : path;
  return actual === wanted || (stats.nlink === 0 && actual === `${wanted} (deleted)`);
}

function hasHiddenName(path: string): boolean {
  if (!path.includes('.')) return false;
  if (!path.startsWith('.') && !path.includes('/.')) return false;
  const rest = path.startsWith('.well-known/') ? path.slice('.well-known/'.length) : path;
  return rest.startsWith('.') || rest.includes('/.');
}

function statusOf(code: string | undefined): 403 | 404 | 500 {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
    case 'ENXIO':
      return 404;
    case 'EACCES':
    case 'EPERM':
    case 'ELOOP':
      return 403;
    default:
      return 500;
  }
}
