// Who besides root can write to the configuration. A writer can run anything as anybody. What everybody can write to is not used, as with
// the files of sudo and sshd. Write access of a group, or of another owner, may be intended, and is only reported.

import { accessSync, constants, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../errors.ts';
import type { Problem } from '../model/problem.ts';
import { quoteWord } from '../words/shlex.ts';

/** The object of the sentence "... can write this file". */
type What = 'this file' | 'this directory';

/** Others can add files of their own to such a directory, but cannot replace root's: /tmp. */
const sticky = 0o1000;

/** `isStrict`: for root, and for a check of what root will do. Otherwise nothing here is an error. */
export function whoCanWrite(path: string, stats: Stats, what: What, isStrict: boolean): readonly Problem[] {
  const by = writer(stats);
  if (by === null || isReadOnly(path)) return [];
  const isError = isStrict && by === 'everybody' && !(what === 'this directory' && isSticky(stats));
  return [problem(path, path, `${by} can write ${what}`, isError)];
}

/** Why the files in a directory cannot be trusted: everybody could replace them, the directory, or a directory above it. */
export function openDirectories(directory: string, isStrict: boolean): readonly Problem[] {
  if (!isStrict) return [];
  const own = stat(directory);
  if (own !== null && isSticky(own) && !isReadOnly(directory))
    return [problem(directory, directory, 'everybody can write this directory', true)];
  return openAbove(directory, directory);
}

/** The same for the directories above a file: above its own name, and above the name that a link leads to. */
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
  const hint = `chown root: ${quoteWord(path)} && chmod go-w ${quoteWord(path)}`;
  const message = `${what}, and so choose what root starts`;
  return { severity: isError ? 'error' : 'warning', message, hint, at: { file: subject, key: [] } };
}

function writer({ mode, gid, uid }: Stats): string | null {
  if ((mode & 0o002) !== 0) return 'everybody';
  if ((mode & 0o020) !== 0 && gid !== 0) return 'its group';
  return uid !== 0 && uid !== process.geteuid?.() ? `its owner, uid ${uid},` : null;
}

/** Whether nobody can write, whatever the mode says: a volume with a container's configuration is often 0777 but mounted read-only. */
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
