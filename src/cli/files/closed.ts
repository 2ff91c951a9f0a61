// How open files are to others than their owners. A file made from them must not be more open.

import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * `mode`, without what users other than the owner may not do with one of these files. Those who may not read lose the right to execute,
 * too. A file that cannot be looked at counts as closed to all but its owner. `also`: whether the directories on the way to a
 * file, which may close it as well, count.
 */
export function noWiderThan(mode: number, files: Iterable<string>, also: 'directories' | 'nothing'): number {
  let readable = 0o444;
  for (const file of files) {
    readable &= readersOf(file);
    if (also === 'directories') readable &= passersTo(file);
  }
  return mode & (0o700 | readable | (readable >> 2));
}

/** The bits of 0o444 in a file's mode. The group's counts only where it is the caller's own group. */
function readersOf(file: string): number {
  try {
    const { mode, gid } = statSync(file);
    return 0o400 | (mode & (gid === process.getegid?.() ? 0o044 : 0o004));
  } catch {
    return 0o400;
  }
}

/** The bits of 0o444 of the users who may pass through every directory to a file. */
function passersTo(file: string): number {
  let passers = 0o111;
  try {
    for (let directory = dirname(realpathSync(file)); ; directory = dirname(directory)) {
      passers &= statSync(directory).mode | 0o100;
      if (directory === '/') return passers << 2;
    }
  } catch {
    return 0o400;
  }
}
