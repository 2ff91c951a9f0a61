// Files without a name, which no other process can find: private keys, passwords, a page that two processes share.

import { closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** open(2). Node has no name for it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** An empty file of mode 0600 on the file system of `directory`, open for reading and writing. */
export function openNameless(directory: string): number {
  try {
    return openSync(directory, O_TMPFILE | constants.O_RDWR, 0o600);
  } catch {
    // Not every file system has O_TMPFILE. There the file loses its name before anything is written to it.
    const path = join(directory, `nameless.${process.pid}`);
    rmSync(path, { force: true });
    const fd = openSync(path, 'wx+', 0o600);
    rmSync(path);
    return fd;
  }
}

/** A file with this text, open for reading from its beginning. */
export function openDocument(directory: string, text: string): number {
  const fd = openNameless(directory);
  try {
    writeFileSync(fd, text);
    // A new descriptor, which is at the beginning of the file.
    return openSync(`/proc/self/fd/${fd}`, 'r');
  } finally {
    closeSync(fd);
  }
}
