// Rotates one log once: what is in it goes to NAME.1, and its writers go on writing to the same open file. The order of the steps makes
// sure that a kill at any point loses no line and doubles none:
//
//   1. NAME.1 becomes free: the backups move up
//   2. the log's beginning is copied to .NAME.rotating, which counts for nothing yet
//   3. the beginning is taken out of the log: from here on the copy counts
//   4. .NAME.rotating becomes NAME.1

import { closeSync, fstatSync, readlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errnoOf, HostdError } from '../../errors.ts';
import { makeRoom, type RotationRules, worthKeeping } from '../../lifecycle/rotation.ts';
import type { Owner } from '../../linux/paths.ts';
import { quoteWord } from '../../words/shlex.ts';
import type { Run } from '../runs/run.ts';
import { fileKey } from './followers.ts';
import {
  applyMoves,
  backupName,
  backupsInPlace,
  closePlace,
  makeInPlace,
  openInPlace,
  openPlace,
  type Place,
  removeInPlace,
  renameInPlace,
  statInPlace,
  unfinishedName,
} from './place.ts';
import { isStillIn, type Tools, takeOut } from './take-out.ts';

export interface Rotation {
  readonly path: string;
  readonly owner: Owner;
  readonly rules: RotationRules;
  /** The fileKey of the log that is held open. Another file of that name is not touched. */
  readonly key: string;
  /** Whether everything is rotated, for which the writers are stopped a moment; else as much as is possible without. */
  readonly everything: boolean;
  /** The runs that may be writing to it. */
  readonly writers: () => readonly Run[];
}

/** Returns the bytes taken out of the log; 0: there were none. @throws HostdError, or an errno, when it cannot be done. */
export async function rotate(rotation: Rotation, tools: Tools): Promise<number> {
  const place = openPlace(rotation.path, rotation.owner);
  try {
    const { backups } = rotation.rules;
    await finishInterrupted(place, backups);
    return await withLog(place, place.name, rotation.key, async log => {
      if (fstatSync(log).size === 0) return 0;
      makeFirstFree(place, backups);
      return await putAside(place, log, rotation, tools, () => becomeFirst(place, backups));
    });
  } finally {
    closePlace(place);
  }
}

/**
 * Gives a log its name back after logrotate has renamed it (NAME.1), while its writers still write to it. What is in it stays under
 * the other name, and the writers go on under the right one. Returns the bytes that stay; null: it was not moved. `held` is the open log.
 */
export async function reopen(rotation: Rotation, held: number, tools: Tools): Promise<number | null> {
  if (fstatSync(held).nlink === 0) throw deleted('it was deleted while its program wrote to it');
  const place = openKeptPlace(rotation);
  try {
    const moved = nameOf(held, place);
    if (moved === place.name) return null;
    const other = statInPlace(place, place.name);
    if (other !== null && !(other.isFile() && other.size === 0))
      throw new HostdError('conflict', `it is called "${moved}" now, and something else has its name`);
    return await withLog(place, moved, rotation.key, async log => {
      if (fstatSync(log).size === 0) {
        renameInPlace(place, moved, place.name);
        return 0;
      }
      return await putAside(place, log, { ...rotation, everything: true }, tools, () => {
        renameInPlace(place, moved, place.name);
        renameInPlace(place, unfinishedName(place.name), moved);
      });
    });
  } finally {
    closePlace(place);
  }
}

/** @throws HostdError where its directory is gone, which the next start of its program makes again. */
function openKeptPlace({ path, owner }: Rotation): Place {
  try {
    return openPlace(path, owner);
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? deleted('its directory was removed or moved away') : error;
  }
}

function deleted(message: string): HostdError {
  return new HostdError('conflict', message, {
    hint: 'hostctl reload of its program (hostd-proxy, for the logs of a site), and have logrotate rename logs, not delete them',
  });
}

/** The present name of an open file of this directory. */
function nameOf(fd: number, place: Place): string {
  const now = readlinkSync(`/proc/self/fd/${fd}`);
  if (dirname(now) === readlinkSync(`/proc/self/fd/${place.directory}`)) return basename(now);
  throw new HostdError('conflict', `it is "${now}" now, in another directory`, {
    hint: 'no "olddir" in the configuration of logrotate',
  });
}

/** Calls `work` with the log open, if it is still the same file. */
async function withLog<T>(
  place: Place,
  name: string,
  key: string,
  work: (log: number) => Promise<T>,
): Promise<T> {
  const log = openOwn(place, name);
  try {
    if (fileKey(log) !== key)
      throw new HostdError('conflict', 'another file has its name', { hint: 'hostctl logs --reopen' });
    return await work(log);
  } finally {
    closeSync(log);
  }
}

/** A log that Supervisor or nginx made as root stays root's: it can be appended to, but nothing can be taken out. */
function openOwn(place: Place, name: string): number {
  try {
    return openInPlace(place, name, 'change');
  } catch (error) {
    const { rights, path } = place;
    const stats = statInPlace(place, name);
    if (errnoOf(error) !== 'EACCES' || stats === null || stats.uid === rights.uid) throw error;
    throw new HostdError(
      'permission',
      `it belongs to uid ${stats.uid}, and its program runs as uid ${rights.uid}`,
      {
        hint: `chown ${rights.uid}:${rights.gid} ${quoteWord(path)}`,
      },
    );
  }
}

/** Copies a part of the log to .NAME.rotating, takes it out of the log, and lets `settle` give the copy its name. */
async function putAside(
  place: Place,
  log: number,
  { rules, everything, writers }: Rotation,
  tools: Tools,
  settle: () => void,
): Promise<number> {
  const { followers } = tools;
  const { rights } = place;
  // A follower may not have read the part yet, so the part is copied for it even where it is dropped.
  const wanted = rules.backups > 0 || followers.any(log);
  const unfinished = unfinishedName(place.name);
  const copy = wanted ? makeInPlace(place, unfinished, fstatSync(log)) : null;
  const keep = worthKeeping(rules);
  try {
    const taken = await takeOut({ log, copy, rights, keep, everything, writers }, tools).catch(error => {
      if (copy !== null) removeInPlace(place, unfinished);
      throw error;
    });
    // From here on these lines are in the copy only.
    const openCopy = () => (copy === null ? null : openInPlace(place, unfinished, 'read'));
    followers.goOn(log, { bytes: taken.end, dropped: taken.start, openCopy });
    if (copy !== null) settle();
    return taken.end;
  } finally {
    if (copy !== null) closeSync(copy);
  }
}

function makeFirstFree(place: Place, backups: number): void {
  applyMoves(place, makeRoom(backupsInPlace(place, backups), backups));
}

/** Makes the copy the newest backup, or removes it where none is kept. */
function becomeFirst(place: Place, backups: number): void {
  const unfinished = unfinishedName(place.name);
  if (backups > 0) renameInPlace(place, unfinished, backupName(place.name, { index: 1, zipped: false }));
  else removeInPlace(place, unfinished);
}

/**
 * Finishes what a hostd that was killed in the middle has left: a copy of what is still in the log is removed, and a copy of
 * what was taken out becomes a backup. false: there was nothing.
 */
export async function finishInterrupted(place: Place, backups: number): Promise<boolean> {
  const unfinished = unfinishedName(place.name);
  const left = statInPlace(place, unfinished);
  if (left === null) return false;
  // Any other file was not made by hostd.
  const isCopy = left.isFile() && left.nlink === 1;
  if (!isCopy || (await isUndone(place))) removeInPlace(place, unfinished);
  else {
    makeFirstFree(place, backups);
    becomeFirst(place, backups);
  }
  return true;
}

/** Whether the interrupted rotation had taken nothing out of the log. */
async function isUndone(place: Place): Promise<boolean> {
  if (statInPlace(place, place.name) === null) return false;
  const opened: number[] = [];
  try {
    for (const name of [unfinishedName(place.name), place.name])
      opened.push(openInPlace(place, name, 'read'));
    const [copy = -1, log = -1] = opened;
    return await isStillIn(log, copy, place.rights);
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}
