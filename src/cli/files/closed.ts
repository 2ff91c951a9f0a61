// How open files are for others than their owners: what is made of them may not be read by more people.

import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * `mode`, less what others than its owner may not do with one of these files. Of a mode that they may not read by, the right to
 * execute goes too. A file that cannot be looked at is for its owner alone. `also`: whether the directories on the way to a
 * file count, which may close it as well.
 */
export function noWiderThan(mode: number, files: Iterable<string>, also: 'directories' | 'nothing'): number {
  let readable = 0o444;
  for (const file of files) {
    readable &= readersOf(file);
    if (also === 'directories') readable &= passersTo(file);
  }
  return mode & (0o700 | readable | (readable >> 2));
}

/** The bits of 0o444 that a file has. Its group counts as the caller's own, or not at all. */
function readersOf(file: string): number {
  try {
    const { mode, gid } = statSync(file);
    return 0o400 | (mode & (gid === process.getegid?.() ? 0o044 : 0o004));
  } catch {
    return 0o400;
  }
}

/** The bits of 0o444 of those who may go through every directory to a file. */
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
