// A log's directory and the files that are named like the log. An app may write there, and must not be able to harm others: files are
// reached through the open directory, by their last names, with rights that the owner has anyway, never through a link.

import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  renameSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { errnoOf, HostdError } from '../../errors.ts';
import type { Backup, Move } from '../../lifecycle/rotation.ts';
import { as, entry, type Owner, openDirectory } from '../../linux/paths.ts';
import { native, RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS } from '../../native/index.ts';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
const carefully = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
const beneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
/** Backups that are looked for beyond the number to keep. More are found after the next rotation. */
const mostBeyond = 100;

/** The directory of a log, open, and the log's name in it. The caller that opened it closes it. */
export interface Place {
  readonly directory: number;
  /** Absolute path of the log, for people. */
  readonly path: string;
  readonly name: string;
  /** Whose rights are used in the directory. */
  readonly rights: Owner;
}

/**
 * Uses root's rights in a directory that only root may write to: nobody else can have prepared anything there. In any other
 * directory it uses the owner's, even where they do not suffice.
 */
export function openPlace(path: string, owner: Owner): Place {
  const directory = openDirectory(dirname(path));
  const { uid, mode } = fstatSync(directory);
  const trusted = uid === process.geteuid?.() && (mode & 0o022) === 0;
  const rights = trusted ? { uid, gid: process.getegid?.() ?? 0 } : owner;
  return { directory, path, name: basename(path), rights };
}

export function closePlace(place: Place): void {
  closeSync(place.directory);
}

/** The name of a backup. */
export function backupName(name: string, { index, zipped }: Backup): string {
  return `${name}.${index}${zipped ? '.gz' : ''}`;
}

/** The name of a copy in progress. Such a file that is left over comes from an interrupted rotation. */
export function unfinishedName(name: string): string {
  return `.${name}.rotating`;
}

/** The name of a compressed file in progress. */
export function packingName(name: string): string {
  return `.${name}.packing`;
}

/** Opens a regular file with one name. @throws HostdError 'permission' when it is anything else; errors of openat2(2). */
export function openInPlace(place: Place, name: string, access: 'read' | 'change'): number {
  const flags = (access === 'read' ? O_RDONLY : O_RDWR) | carefully;
  return regular(place, name, () => native.openAt(place.directory, name, flags, 0, beneath));
}

/** Makes a new file with the owner and mode of `model`. A leftover of that name is removed. */
export function makeInPlace(place: Place, name: string, model: Stats): number {
  removeInPlace(place, name);
  const flags = O_RDWR | O_CREAT | O_EXCL | carefully;
  const fd = regular(place, name, () => native.openAt(place.directory, name, flags, 0o600, beneath));
  try {
    as(place.rights, () => {
      // Root makes the file for the log's owner.
      if (place.rights.uid === 0 && model.uid !== 0) fchownSync(fd, model.uid, model.gid);
      fchmodSync(fd, model.mode & 0o666);
    });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return fd;
}

function regular(place: Place, name: string, open: () => number): number {
  const fd = as(place.rights, open);
  const stats = fstatSync(fd);
  if (stats.isFile() && stats.nlink === 1) return fd;
  closeSync(fd);
  throw new HostdError('permission', `cannot use "${name}" beside it: not a regular file with one name`);
}

/** null: nothing has that name. */
export function statInPlace(place: Place, name: string): Stats | null {
  return lstatSync(entry(place.directory, name), { throwIfNoEntry: false }) ?? null;
}

export function renameInPlace(place: Place, from: string, to: string): void {
  as(place.rights, () => renameSync(entry(place.directory, from), entry(place.directory, to)));
}

/** Does nothing where nothing has that name. */
export function removeInPlace(place: Place, name: string): void {
  try {
    as(place.rights, () => unlinkSync(entry(place.directory, name)));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/**
 * The existing backups: up to `backups`, and some beyond, until the first that is missing. Each name costs a look at the disk, and the
 * app may have made any number of them.
 */
export function backupsInPlace(place: Place, backups: number, beyond = mostBeyond): Backup[] {
  const found: Backup[] = [];
  for (let index = 1; index <= backups + beyond; index++) {
    const both = [false, true].map(zipped => ({ index, zipped }));
    const there = both.filter(backup => statInPlace(place, backupName(place.name, backup)) !== null);
    if (there.length === 0 && index > backups) break;
    found.push(...there);
  }
  return found;
}

export function applyMoves(place: Place, moves: readonly Move[]): void {
  for (const move of moves)
    if (move.kind === 'remove') removeInPlace(place, backupName(place.name, move.backup));
    else renameInPlace(place, backupName(place.name, move.from), backupName(place.name, move.to));
}
