// Compresses backups, one at a time for all logs, since there is no hurry. Only a few of one log are compressed in a row, because its app
// may make any number of files that look like backups. The rest waits for the log's next rotation.

import { closeSync, fstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostdError } from '../../errors.ts';
import { toCompress } from '../../lifecycle/rotation.ts';
import type { Owner } from '../../linux/paths.ts';
import { startCopier } from './copier-thread.ts';
import {
  backupName,
  backupsInPlace,
  closePlace,
  makeInPlace,
  openInPlace,
  openPlace,
  type Place,
  packingName,
  removeInPlace,
  renameInPlace,
  statInPlace,
} from './place.ts';

/** Bytes: a larger backup stays as it is. No log that hostd keeps to its size is so large, and it would take very long. */
const largest = 2 * 1024 ** 3;

/** Backups of one log in a row. A rotation leaves one to compress. A move from elsewhere may bring more. */
const mostAtOnce = 16;
/** Milliseconds between two backups, since the start of a thread takes hostd's own time. */
const pause = 100;

export interface Compressor {
  /** Compresses this log's backups when it is its turn. */
  add(path: string, owner: Owner, backups: number): void;
}

/** `complain` is called with the reason why a log's backups cannot be compressed. */
export function makeCompressor(complain: (path: string, error: unknown) => void): Compressor {
  const waiting = new Map<string, { owner: Owner; backups: number }>();
  let busy = false;
  const work = async () => {
    busy = true;
    for (let next = first(waiting); next !== null; next = first(waiting)) {
      const [path, { owner, backups }] = next;
      waiting.delete(path);
      await compressBackups(path, owner, backups).catch(error => complain(path, error));
    }
    busy = false;
  };
  return {
    add(path, owner, backups) {
      waiting.set(path, { owner, backups });
      if (!busy) void work();
    },
  };
}

function first<K, V>(map: ReadonlyMap<K, V>): [K, V] | null {
  return map.entries().next().value ?? null;
}

async function compressBackups(path: string, owner: Owner, backups: number): Promise<void> {
  const place = openPlace(path, owner);
  try {
    const skipped = new Set<number>();
    while (skipped.size < mostAtOnce) {
      // Backups are looked up anew each time, since they move meanwhile. Those beyond the number to keep will be removed, so they stay.
      const next = toCompress(backupsInPlace(place, backups, 0)).find(backup => {
        const stats = statInPlace(place, backupName(place.name, backup));
        return stats?.isFile() === true && stats.size <= largest && !skipped.has(stats.ino);
      });
      if (next === undefined) return;
      skipped.add(await compressOne(place, backupName(place.name, next), backups));
      await sleep(pause);
    }
  } finally {
    closePlace(place);
  }
}

/** Compresses one backup. Returns its inode. */
async function compressOne(place: Place, name: string, backups: number): Promise<number> {
  const from = openInPlace(place, name, 'read');
  const packing = packingName(place.name);
  try {
    const { ino, size } = fstatSync(from);
    const to = makeInPlace(place, packing, fstatSync(from));
    try {
      const copier = startCopier({ kind: 'compress', from, to, ...place.rights });
      try {
        await copier.next();
      } finally {
        await copier.end();
      }
    } catch (error) {
      removeInPlace(place, packing);
      throw error;
    } finally {
      closeSync(to);
    }
    replace(place, ino, size, packing, backups);
    return ino;
  } finally {
    closeSync(from);
  }
}

/** Puts the compressed file in the place of the plain one, which may have moved; removes it if the plain one is gone. */
function replace(place: Place, ino: number, size: number, packing: string, backups: number): void {
  const source = backupsInPlace(place, backups, 0).find(backup => {
    const stats = statInPlace(place, backupName(place.name, backup));
    return stats?.ino === ino;
  });
  if (source === undefined) {
    removeInPlace(place, packing);
    return;
  }
  const name = backupName(place.name, source);
  if (statInPlace(place, name)?.size !== size) {
    removeInPlace(place, packing);
    throw new HostdError('conflict', `cannot compress "${name}": somebody writes to it`);
  }
  renameInPlace(place, packing, backupName(place.name, { ...source, zipped: true }));
  removeInPlace(place, name);
}
