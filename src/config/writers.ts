// Who besides root could write the configuration: whoever can, runs anything as anybody. What everybody can write is not used, as
// with sudo's and sshd's files; a group, or another owner, may be somebody's choice, and is said.

import { accessSync, constants, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../errors.ts';
import type { Problem } from '../model/problem.ts';

/** What is looked at, in words: it follows "can write". */
type What = 'this file' | 'this directory';

/** Others can put nothing in the place of what is root's there, but may make files of their own: /tmp. */
const sticky = 0o1000;

/** `isStrict`: for root, and for whoever wants to know what root will do; else nothing here is an error. */
export function whoCanWrite(path: string, stats: Stats, what: What, isStrict: boolean): readonly Problem[] {
  const by = writer(stats);
  if (by === null || isReadOnly(path)) return [];
  const isError = isStrict && by === 'everybody' && !(what === 'this directory' && isSticky(stats));
  return [problem(path, path, `${by} can write ${what}`, isError)];
}

/** Why the files in a directory are nobody's word: everybody could put others there, or move it or one above it away. */
export function openDirectories(directory: string, isStrict: boolean): readonly Problem[] {
  if (!isStrict) return [];
  const own = stat(directory);
  if (own !== null && isSticky(own) && !isReadOnly(directory))
    return [problem(directory, directory, 'everybody can write this directory', true)];
  return openAbove(directory, directory);
}

/** The same of what is above a file, for the file itself, by its own name and by that of what a link leads to. */
export function openAboveFile(file: string, isStrict: boolean): readonly Problem[] {
  if (!isStrict) return [];
  const real = realpathSync(file);
  const found = [file, ...(real === file ? [] : [real])].flatMap(path => openAbove(dirname(path), file));
  return [...new Map(found.map(one => [one.message, one])).values()];
}

function openAbove(directory: string, subject: string): readonly Problem[] {
  const found: Problem[] = [];
  for (let at = directory; ; at = dirname(at)) {
    const stats = stat(at);
    if (stats !== null && (stats.mode & 0o002) !== 0 && !isSticky(stats) && !isReadOnly(at))
      found.push(
        problem(
          at,
          subject,
          at === subject ? 'everybody can write this directory' : `everybody can write "${at}"`,
          true,
        ),
      );
    if (at === dirname(at)) return found;
  }
}

function problem(path: string, subject: string, what: string, isError: boolean): Problem {
  const hint = `chown root: ${path} && chmod go-w ${path}`;
  const message = `${what}, and so choose what root starts`;
  return { severity: isError ? 'error' : 'warning', message, hint, at: { file: subject, key: [] } };
}

function writer({ mode, gid, uid }: Stats): string | null {
  if ((mode & 0o002) !== 0) return 'everybody';
  if ((mode & 0o020) !== 0 && gid !== 0) return 'its group';
  return uid !== 0 && uid !== process.geteuid?.() ? `its owner, uid ${uid},` : null;
}

/** Whatever the mode says: a volume with a container's configuration is often 0777, and mounted so that nobody can write. */
function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return errnoOf(error) === 'EROFS';
  }
}

function isSticky({ mode }: Stats): boolean {
  return (mode & 0o002) !== 0 && (mode & sticky) !== 0;
}

function stat(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}
