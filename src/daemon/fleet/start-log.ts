// The part of a program's log since it was told to start. It is shown when the start has failed.

import { closeSync, fstatSync } from 'node:fs';
import { openForReading } from '../../linux/paths.ts';
import type { Program } from '../../model/host.ts';
import { lastLines } from '../logs/tail-offset.ts';
import { userOf } from '../runs/launch.ts';
import { whyNotLoaded } from './gunicorn.ts';

/** Lines that are read, and lines that are shown. */
const readLines = 1000;
const shownLines = 20;

/**
 * Notes where the program's logs end now. Returns a function for the lines since then that say why the program does not run, each
 * as `\n  | LINE`, for the end of a message; "" when there are none.
 */
export function markLog({ user, stdout, stderr }: Pick<Program, 'user' | 'stdout' | 'stderr'>): () => string {
  // Where a program's errors have their own log, the reason is there.
  const marks = [stderr?.path, stdout.path]
    .filter(path => typeof path === 'string')
    .map(path => ({ path, size: withLog(path, user, fd => fstatSync(fd).size) ?? 0 }));
  return () => {
    for (const { path, size } of marks) {
      // A log that is shorter now was begun anew.
      const read = (fd: number) => lastLines(fd, fstatSync(fd).size < size ? 0 : size, readLines);
      const lines = whyNotLoaded(withLog(path, user, read) ?? [], shownLines);
      if (lines.length > 0) return lines.map(line => `\n  | ${line}`).join('');
    }
    return '';
  };
}

/** null: the log is not there, or cannot be read. */
function withLog<T>(path: string, user: Program['user'], use: (fd: number) => T): T | null {
  try {
    const { uid, gid } = userOf({ user });
    const fd = openForReading(path, { uid, gid });
    try {
      return use(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
