// The file of a log that is being opened: which file it is after a rename, and since when it has lines.

import { readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import type { Run } from '../runs/run.ts';
import { backupName, openInPlace, type Place, statInPlace } from './place.ts';

/** Since when the log has lines: since its newest backup was made, or the log itself. */
export function begunAt(place: Place, log: Stats): number {
  if (log.size === 0) return Date.now();
  const newest = statInPlace(place, backupName(place.name, { index: 1, zipped: false }));
  return newest?.mtimeMs ?? (log.birthtimeMs || log.mtimeMs);
}

/** An adopted run's stdout or stderr that now has another name in the log's directory; null: it has not. */
export function openMoved(place: Place, run: Run): number | null {
  const wanted = statInPlace(place, place.name)?.ino;
  const directory = readlinkSync(`/proc/self/fd/${place.directory}`);
  for (const number of [1, 2]) {
    try {
      const path = readlinkSync(`/proc/${run.process.pid}/fd/${number}`);
      const name = path.slice(directory.length + 1);
      if (dirname(path) !== directory || !name.startsWith(place.name) || join(directory, name) !== path)
        continue;
      const ino = statInPlace(place, name)?.ino;
      if (name !== place.name && ino !== undefined && ino !== wanted) return openInPlace(place, name, 'read');
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  }
  return null;
}
