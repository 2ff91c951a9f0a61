// What another user of this machine may enter and read. The kernel is asked with that user's ids and groups, so that access
// control lists count. Only root can ask for another user.

import { closeSync, constants, lstatSync, openSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../errors.ts';
import { as } from '../linux/paths.ts';
import type { User } from '../native/index.ts';
import { quoteWord } from '../words/shlex.ts';

const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_DIRECTORY } = constants;

/** Whether this process can find out what `user` may do. */
export function canAskFor({ uid }: Pick<User, 'uid'>): boolean {
  const own = process.geteuid?.();
  return own === 0 || own === uid;
}

/** Runs `action`, which must be synchronous, with the file rights of `user`. */
export function asUser<T>(user: User, action: () => T): T {
  if (process.geteuid?.() !== 0 || user.uid === 0) return action();
  const before = process.getgroups?.() ?? [];
  process.setgroups?.([...user.groups]);
  try {
    return as(user, action);
  } finally {
    process.setgroups?.(before);
  }
}

export type Access = 'yes' | 'missing' | Closed;

/** What keeps the user out: a directory on the way that the user may not enter, or the file that the user may not read. */
export interface Closed {
  readonly path: string;
  readonly stats: Stats;
  readonly isOnTheWay: boolean;
}

/** Whether the user may read a file, or list and enter a directory, at an absolute path. Links are followed. */
export function accessTo(path: string, user: User): Access {
  let real: string;
  try {
    real = realpathSync(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'EACCES') return 'missing';
    real = path;
  }
  for (const directory of above(real))
    if (!asUser(user, () => mayEnter(directory)))
      return { path: directory, stats: statSync(directory), isOnTheWay: true };
  const stats = statSync(real, { throwIfNoEntry: false });
  if (stats === undefined) return 'missing';
  const isOpen = asUser(user, () => mayRead(real, stats) && (!stats.isDirectory() || mayEnter(real)));
  return isOpen ? 'yes' : { path: real, stats, isOnTheWay: false };
}

/** "/", "/srv", "/srv/one" for "/srv/one/x". */
function above(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...above(parent), parent];
}

function mayEnter(directory: string): boolean {
  try {
    lstatSync(`${directory}/.`);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'EACCES';
  }
}

function mayRead(path: string, stats: Stats): boolean {
  if (!stats.isFile() && !stats.isDirectory()) return true;
  try {
    const flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | (stats.isDirectory() ? O_DIRECTORY : 0);
    closeSync(openSync(path, flags));
    return true;
  } catch (error) {
    return errnoOf(error) !== 'EACCES';
  }
}

/** "drwx------ of uid 0", for a message. */
export function describeMode({ mode, uid, gid }: Stats, isDirectory: boolean): string {
  const bits = [6, 3, 0].map(shift => {
    const three = (mode >> shift) & 7;
    return `${three & 4 ? 'r' : '-'}${three & 2 ? 'w' : '-'}${three & 1 ? 'x' : '-'}`;
  });
  return `${isDirectory ? 'd' : '-'}${bits.join('')}, uid ${uid}, gid ${gid}`;
}

/** A command that lets others in. */
export function opening({ path, stats, isOnTheWay }: Closed): string {
  const right = isOnTheWay ? 'x' : stats.isDirectory() ? 'rx' : 'r';
  return `chmod o+${right} ${quoteWord(path)}`;
}
