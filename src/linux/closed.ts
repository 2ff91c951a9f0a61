// Finds the directory on the way that keeps a user out: by modes first, and where they say no by asking the kernel, since access
// control lists may say yes. Not by setgroups(2), which changes the whole process, and hostd has threads that may not call it.

import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { User } from '../native/index.ts';
import { as } from './paths.ts';

/** The first directory above `path` that the user may not enter; null: none, or it is not known. `path` is absolute. */
export function closedTo(path: string, user: User): string | null {
  try {
    const directory = realpathSync(dirname(path));
    return above(directory).find(at => !mayEnter(at, user)) ?? null;
  } catch {
    return null;
  }
}

/** "/", "/srv", "/srv/one" for "/srv/one". */
function above(path: string): readonly string[] {
  return path === '/' ? ['/'] : [...above(dirname(path)), path];
}

function mayEnter(directory: string, user: User): boolean {
  if (mayEnterByMode(statSync(directory), user)) return true;
  // Only root can ask for other users. hostd's own user may enter its own directories.
  if (process.geteuid?.() !== 0) return true;
  try {
    as(user, () => lstatSync(`${directory}/.`));
    return true;
  } catch {
    return false;
  }
}

/** path_resolution(7). */
function mayEnterByMode({ uid, gid, mode }: Stats, user: User): boolean {
  if (user.uid === 0) return true;
  if (uid === user.uid) return (mode & 0o100) !== 0;
  return (mode & (user.gid === gid || user.groups.includes(gid) ? 0o010 : 0o001)) !== 0;
}
