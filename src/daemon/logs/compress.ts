// Compresses backups, one at a time for all logs: there is no hurry, and the machine has other things to do. A log is done with
// after a few, since its app may make any number of files that look like backups; what is left waits for its next rotation.

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

/** What is larger stays as it is, in bytes: no log that hostd has kept to its size is, and it would take for ever. */
const largest = 2 * 1024 ** 3;

/** A rotation leaves one to be compressed; a move from elsewhere may bring some more. */
const mostAtOnce = 16;
/** Milliseconds between two: the start of a thread takes hostd's own time. */
const pause = 100;

export interface Compressor {
  /** Compresses what is to be compressed of this log's backups, when it is its turn. */
  add(path: string, owner: Owner, backups: number): void;
}

/** `complain` is told why a log's backups cannot be compressed. */
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
      // Looked at anew each time, since they move on meanwhile. What is beyond those to be kept is going to be removed.
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

/** Returns the inode of what it has looked at. */
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

/** Puts the compressed file in the place of the plain one, wherever that has moved to; away with it if there is none. */
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
