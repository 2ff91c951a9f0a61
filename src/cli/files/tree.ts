// A tree of files that is kept current: below a base directory, by way of open directories, never through a link. Each file is
// written as a whole or not at all. Knows nothing of the files' content.

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { thisMachine } from '../../config/machine.ts';
import { errnoOf, HostdError } from '../../errors.ts';
import type { Output, OutputFile } from '../../formats/format.ts';
import type { Machine } from '../../model/machine.ts';
import { quoteWord } from '../../words/shlex.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
/** open(2): a reference, also to a directory that may be entered but not read. */
const O_PATH = 0o10000000;

/** Bytes that are read of a file, at most. The tree's own files are shorter. A file that an app has put there may have any length. */
const longest = 4 * 1024 ** 2;

/** What is there now. */
export type Found =
  | { readonly kind: 'missing' }
  | { readonly kind: 'file'; readonly text: string; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'other' };

/** Reads what is at an output's place, without waiting. Throws HostdError where a link is on the way, or it cannot be read. */
export function find(base: string, path: string): Found {
  const directory = walk(base, dirname(path), false);
  if (directory === null) return { kind: 'missing' };
  try {
    const name = entry(directory, basename(path));
    const stats = lstatSync(name, { throwIfNoEntry: false });
    if (stats === undefined) return { kind: 'missing' };
    if (stats.isSymbolicLink()) return { kind: 'link', target: readlinkSync(name) };
    if (!stats.isFile()) return { kind: 'other' };
    const file = openToRead(name, path);
    try {
      const { mode } = fstatSync(file);
      return { kind: 'file', text: readText(file, path), mode: mode & 0o7777 };
    } finally {
      closeSync(file);
    }
  } finally {
    closeSync(directory);
  }
}

/** Opens a file so that neither a FIFO nor a lease (fcntl(2)) can make the caller wait. */
function openToRead(name: string, path: string): number {
  try {
    return openSync(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  } catch (cause) {
    const code = errnoOf(cause) ?? String(cause);
    const why = code === 'EAGAIN' ? 'a program keeps it to itself (EAGAIN)' : code;
    throw new HostdError('failed', `cannot read "${path}": ${why}`, {
      cause,
      hint: code === 'EACCES' ? 'sudo' : `ls -l ${quoteWord(path)}`,
    });
  }
}

/** Reads until the end, since an app's file may claim any length. */
function readText(file: number, path: string): string {
  const fail = (why: string) =>
    new HostdError('conflict', `cannot read "${path}": ${why}`, { hint: `ls -l ${quoteWord(path)}` });
  const { size } = fstatSync(file);
  if (!fstatSync(file).isFile()) throw fail('it is not a regular file');
  if (size > longest) throw fail('it is longer than 4 MiB');
  const bytes = Buffer.alloc(size + 1);
  let length = 0;
  for (let got = -1; got !== 0 && length < bytes.length; length += got)
    got = readSync(file, bytes, length, bytes.length - length, null);
  if (length > size) throw fail('somebody writes to it');
  return bytes.toString('utf8', 0, length);
}

/** Whether nothing is left to do. A stricter mode than wanted is no difference. A script that cannot be executed is one, and so is
 *  a file that others may read and should not. */
export function isCurrent(found: Found, output: Output): boolean {
  if (output.kind === 'link') return found.kind === 'link' && found.target === output.target;
  if (found.kind !== 'file' || found.text !== output.text) return false;
  const isExecutable = (found.mode & 0o111) !== 0 || (output.mode & 0o111) === 0;
  return isExecutable && modeOver(found.mode, output.mode) === (found.mode & 0o777);
}

/** The mode of a file that replaces another: as closed as the old one, executable where it has to be, and open to others only where
 *  the new one may be. */
function modeOver(before: number, wanted: number): number {
  // A user that may not read a script cannot execute it either.
  const kept = (before & 0o777) | (wanted & ((before & 0o444) >> 2));
  return (wanted & 0o004) === 0 ? kept & (wanted | 0o600) : kept;
}

/** Puts a file or a link in its place by renaming. In another user's directory it acts with that user's rights only. */
export function put(base: string, output: Output): void {
  const directory = walk(base, dirname(output.path), true);
  if (directory === null) throw new HostdError('failed', `cannot make the directory of "${output.path}"`);
  try {
    asOwner(directory, () => {
      const place = entry(directory, basename(output.path));
      const found = lstatSync(place, { throwIfNoEntry: false });
      if (found?.isDirectory())
        throw new HostdError('conflict', `cannot write "${output.path}": it is a directory`, {
          hint: `ls -ld ${quoteWord(output.path)}`,
        });
      const fresh = entry(directory, `.${basename(output.path)}.${randomBytes(6).toString('hex')}`);
      try {
        if (output.kind === 'link') symlinkSync(output.target, fresh);
        else {
          const mode = found?.isFile() ? modeOver(found.mode, output.mode) : output.mode;
          write(fresh, output.text, mode, found?.isFile() ? found.gid : undefined, readerOf(output));
        }
        renameSync(fresh, place);
      } catch (error) {
        discard(fresh);
        throw error;
      }
    });
  } catch (cause) {
    if (cause instanceof HostdError) throw cause;
    throw new HostdError('failed', `cannot write "${output.path}": ${errnoOf(cause) ?? String(cause)}`, {
      cause,
      hint: 'sudo, or --out DIR',
    });
  } finally {
    closeSync(directory);
  }
}

/** Removes a file or a link, never a directory. */
export function take(base: string, path: string): void {
  const directory = walk(base, dirname(path), false);
  if (directory === null) return;
  try {
    asOwner(directory, () => unlinkSync(entry(directory, basename(path))));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return;
    throw new HostdError('failed', `cannot remove "${path}": ${errnoOf(cause) ?? String(cause)}`, {
      cause,
      hint: 'sudo',
    });
  } finally {
    closeSync(directory);
  }
}

/** The user that has to read a file that not everybody may read. */
function readerOf({ reader, mode }: OutputFile): ReturnType<Machine['user']> {
  return reader === undefined || (mode & 0o004) !== 0 ? null : thisMachine.user(reader);
}

/** `gid`: of the file that is replaced. Any other group must not get that group's rights. */
function write(
  path: string,
  text: string,
  mode: number,
  gid: number | undefined,
  reader: ReturnType<Machine['user']>,
): void {
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    if (reader !== null && process.getuid?.() === 0) asRoot(() => fchownSync(file, reader.uid, reader.gid));
    const isOthers = gid !== undefined && gid !== fstatSync(file).gid;
    asRoot(() => fchmodSync(file, isOthers ? mode & 0o707 : mode));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The file was never made.
  }
}

/** Opens a directory, part by part below the base; null: it is missing and must not be made. */
function walk(base: string, path: string, make: boolean): number | null {
  let directory = openBase(base, make);
  if (directory === null) return null;
  let walked = '';
  for (const part of path.split('/').filter(part => part !== '' && part !== '.')) {
    walked += `/${part}`;
    const next = step(directory, part, make, walked);
    closeSync(directory);
    if (next === null) return null;
    directory = next;
  }
  return directory;
}

/** Opens the base. The caller has named it, so links on the way to it are followed. */
function openBase(base: string, make: boolean): number | null {
  try {
    if (make) mkdirSync(base, { recursive: true });
    return openSync(realpathSync(base), O_PATH | O_DIRECTORY);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT' && !make) return null;
    throw new HostdError('failed', `cannot use the directory "${base}": ${errnoOf(cause) ?? String(cause)}`, {
      cause,
    });
  }
}

function step(directory: number, part: string, make: boolean, walked: string): number | null {
  const place = entry(directory, part);
  if (part === '..') throw new HostdError('failed', `cannot use "${walked}": it leaves its directory`);
  try {
    return openSync(place, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'ENOENT') {
      if (!make) return null;
      asOwner(directory, () => mkdirSync(place, 0o755));
      return openSync(place, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    }
    const isLink = code === 'ELOOP' || lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    const why = isLink
      ? 'it is a link, and hostctl follows none'
      : code === 'ENOTDIR'
        ? 'it is no directory'
        : code;
    throw new HostdError('conflict', `cannot go into "${walked}": ${why}`, {
      hint: `ls -ld ${quoteWord(walked)}`,
      cause,
    });
  }
}

/** A path by way of an open directory, which no later rename can divert. */
function entry(directory: number, name: string): string {
  return `/proc/self/fd/${directory}/${name}`;
}

/** Within asOwner: gives root's rights back, since only root can give a file away. */
function asRoot<T>(act: () => T): T {
  if (process.getuid?.() !== 0) return act();
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  process.seteuid?.(0);
  process.setegid?.(0);
  try {
    return act();
  } finally {
    process.setegid?.(gid);
    process.seteuid?.(uid);
  }
}

/** Acts with the rights of the directory's owner: whatever an app diverts leads no further than the app itself can go. */
function asOwner<T>(directory: number, act: () => T): T {
  const { uid, gid } = fstatSync(directory);
  if (process.geteuid?.() !== 0 || uid === 0) return act();
  const groups = process.getgroups?.() ?? [];
  process.setgroups?.([]);
  process.setegid?.(gid);
  process.seteuid?.(uid);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  }
}
