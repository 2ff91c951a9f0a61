// Logs of which the configuration says AUTO: files of their own in childlogdir, named like Supervisor's, and removed at the next
// start unless a process that runs on still writes to them.

import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { repr } from '../../words/python.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789_';
/** Of mkstemp(3) in Python. */
const suffixLength = 8;
const mostTries = 100;

/** Makes an empty file that only its owner may read, and returns its path. @throws the errors of open(2). */
export function makeAutoLog(directory: string, name: string, channel: string, identifier: string): string {
  for (let tries = 1; ; tries++) {
    const random = Array.from(
      { length: suffixLength },
      () => letters[Math.floor(Math.random() * letters.length)],
    ).join('');
    const own = `${name}-${channel}---${identifier}-${random}.log`;
    // A name that an expansion has put a slash into stays in the directory.
    const path = join(directory, own.replaceAll('/', '%2F'));
    try {
      closeSync(openSync(path, 'wx', 0o600));
      return path;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || tries === mostTries) throw error;
    }
  }
}

/** Removes those of earlier starts, but not the ones in `used`. `warn` is told what cannot be removed. */
export function clearAutoLogs(
  directory: string,
  identifier: string,
  used: ReadonlySet<string>,
  warn: (message: string) => void,
): void {
  // The identifier is part of a regular expression there, too; here it is meant as it is written.
  const quoted = identifier.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const own = new RegExp(`^.+?---${quoted}-\\S+\\.log\\.?\\d{0,4}`);
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    warn('Could not clear childlog dir');
    return;
  }
  for (const name of names) {
    const path = join(directory, name);
    // A backup belongs to its log.
    if (!own.test(name) || used.has(path) || used.has(path.replace(/\.\d+$/, ''))) continue;
    try {
      rmSync(path);
    } catch {
      warn(`Failed to clean up ${repr(path)}`);
    }
  }
}
