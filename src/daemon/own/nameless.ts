// Files without a name, for what no other process may find: private keys, passwords, a page that two processes share.

import { closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** open(2); Node does not name it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** An empty one, open for reading and writing; its mode is 0600, and it is on the file system of `directory`. */
export function openNameless(directory: string): number {
  try {
    return openSync(directory, O_TMPFILE | constants.O_RDWR, 0o600);
  } catch {
    // Not every file system can. Then it loses its name before anything is in it.
    const path = join(directory, `nameless.${process.pid}`);
    rmSync(path, { force: true });
    const fd = openSync(path, 'wx+', 0o600);
    rmSync(path);
    return fd;
  }
}

/** One that has this text, open for reading, at its beginning. */
export function openDocument(directory: string, text: string): number {
  const fd = openNameless(directory);
  try {
    writeFileSync(fd, text);
    // Opened anew, so that it is read from its beginning.
    return openSync(`/proc/self/fd/${fd}`, 'r');
  } finally {
    closeSync(fd);
  }
}
