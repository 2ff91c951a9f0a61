// Logs with AUTO in the configuration: files in childlogdir with names like Supervisor's. The next start removes them, unless a process
// that runs on still writes to them.

import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { repr } from '../../words/python.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789_';
/** As mkstemp(3) in Python has it. */
const suffixLength = 8;
const mostTries = 100;

/** Makes an empty file that only its owner may read. Returns its path. @throws the errors of open(2). */
export function makeAutoLog(directory: string, name: string, channel: string, identifier: string): string {
  for (let tries = 1; ; tries++) {
    const random = Array.from(
      { length: suffixLength },
      () => letters[Math.floor(Math.random() * letters.length)],
    ).join('');
    const own = `${name}-${channel}---${identifier}-${random}.log`;
    // A slash in the name, from an expansion, must not lead out of the directory.
    const path = join(directory, own.replaceAll('/', '%2F'));
    try {
      closeSync(openSync(path, 'wx', 0o600));
      return path;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || tries === mostTries) throw error;
    }
  }
}

/** Removes the logs of earlier starts, but those in `used`. `warn` is called with a log that cannot be removed. */
export function clearAutoLogs(
  directory: string,
  identifier: string,
  used: ReadonlySet<string>,
  warn: (message: string) => void,
): void {
  // In Supervisor the identifier is part of a regular expression. Here it stands for itself.
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
    // A backup is kept or removed with its log.
    if (!own.test(name) || used.has(path) || used.has(path.replace(/\.\d+$/, ''))) continue;
    try {
      rmSync(path);
    } catch {
      warn(`Failed to clean up ${repr(path)}`);
    }
  }
}
