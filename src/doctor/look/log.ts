// The end of an app's log, read from its file where hostd cannot be asked for it.

import { closeSync, fstatSync, lstatSync, readSync } from 'node:fs';
import { type Owner, openForReading } from '../../linux/paths.ts';

/** Bytes. */
const longestEnd = 65_536;

/** null: it cannot be read. `owner`: the app's user, whose directories it is in. */
export function endOfLog(path: string, owner: Owner): string | null {
  try {
    const fd = openForReading(path, owner);
    try {
      const { size } = fstatSync(fd);
      const bytes = Buffer.alloc(Math.min(size, longestEnd));
      const length = readSync(fd, bytes, 0, bytes.length, Math.max(0, size - bytes.length));
      return bytes.toString('utf8', 0, length);
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

/** Whether nothing has this name. false: this user may not look. */
export function isGone(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
