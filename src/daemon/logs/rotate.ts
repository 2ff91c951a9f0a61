// One log put aside once: what is in it goes to NAME.1, and whoever has it open goes on writing to it. In this order, so
// that being killed at any point loses no line and leaves none twice:
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
  /** The file that is held open, as fileKey gives it: no other one of that name is touched. */
  readonly key: string;
  /** Puts everything aside, at the price of stopping the writers for a moment; else as much as can be done without. */
  readonly everything: boolean;
  /** Who may be writing to it. */
  readonly writers: () => readonly Run[];
}

/** Bytes taken out of the log; 0: there was nothing to put aside. @throws HostdError, or an errno, when it cannot be done. */
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
 * Gives a log its name back: logrotate has called it something else (NAME.1), and its writers still write to it. What is in
 * it stays behind under that other name; they go on under the right one. Returns the bytes of it; null: nothing was moved.
 * `held` is the open log.
 */
export async function reopen(rotation: Rotation, held: number, tools: Tools): Promise<number | null> {
  const place = openPlace(rotation.path, rotation.owner);
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

/** What an open file of this directory is called now. */
function nameOf(fd: number, place: Place): string {
  const now = readlinkSync(`/proc/self/fd/${fd}`);
  if (fstatSync(fd).nlink === 0)
    throw new HostdError('conflict', 'it was deleted while its program wrote to it', {
      hint: 'hostctl reload of its program (hostd-proxy, for the logs of a site), and have logrotate rename logs, not delete them',
    });
  if (dirname(now) === readlinkSync(`/proc/self/fd/${place.directory}`)) return basename(now);
  throw new HostdError('conflict', `it is "${now}" now, in another directory`, {
    hint: 'no "olddir" in the configuration of logrotate',
  });
}

/** Runs `work` with the log open, if it is the one that is meant. */
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

/** What Supervisor, or nginx, had written as root stays root's: it can be appended to, and not be taken anything out of. */
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

/** Copies what is put aside to .NAME.rotating and takes it out of the log; `settle` then gives the copy its name. */
async function putAside(
  place: Place,
  log: number,
  { rules, everything, writers }: Rotation,
  tools: Tools,
  settle: () => void,
): Promise<number> {
  const { followers } = tools;
  const { rights } = place;
  // Followers may be behind; what is dropped is copied for their sake.
  const wanted = rules.backups > 0 || followers.any(log);
  const unfinished = unfinishedName(place.name);
  const copy = wanted ? makeInPlace(place, unfinished, fstatSync(log)) : null;
  const keep = worthKeeping(rules);
  try {
    const taken = await takeOut({ log, copy, rights, keep, everything, writers }, tools).catch(error => {
      if (copy !== null) removeInPlace(place, unfinished);
      throw error;
    });
    // From here on the copy is all that there is of these lines.
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

/** The copy becomes the newest backup, or nothing where none is kept. */
function becomeFirst(place: Place, backups: number): void {
  const unfinished = unfinishedName(place.name);
  if (backups > 0) renameInPlace(place, unfinished, backupName(place.name, { index: 1, zipped: false }));
  else removeInPlace(place, unfinished);
}

/**
 * What a hostd that was killed in the middle has left: a copy of what is still in the log is removed; one of what has
 * been taken out becomes a backup. False: there was nothing.
 */
export async function finishInterrupted(place: Place, backups: number): Promise<boolean> {
  const unfinished = unfinishedName(place.name);
  const left = statInPlace(place, unfinished);
  if (left === null) return false;
  // Anything else is no work of hostd's.
  const isCopy = left.isFile() && left.nlink === 1;
  if (!isCopy || (await isUndone(place))) removeInPlace(place, unfinished);
  else {
    makeFirstFree(place, backups);
    becomeFirst(place, backups);
  }
  return true;
}

/** Whether the interrupted rotation had taken nothing out yet. */
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
