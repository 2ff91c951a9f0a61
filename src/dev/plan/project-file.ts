// Reads a file of a project: only a plain file of sensible size. A link to /dev/zero, or a FIFO, would never end.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { HostdError, messageOf } from '../../errors.ts';
import { quoteWord } from '../../words/shlex.ts';

/** Bytes. No file that people write is longer. */
const longest = 1 << 20;

/** The text of a file. @throws HostdError when it cannot be read, is no plain file, or is too long. */
export function readProjectFile(path: string): string {
  try {
    return read(path);
  } catch (cause) {
    throw new HostdError('failed', `cannot read "${path}": ${messageOf(cause)}`, {
      hint: `ls -l ${quoteWord(path)}`,
      cause,
    });
  }
}

function read(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Error('it is no plain file');
    if (stats.size > longest) throw new Error(`it is longer than ${longest} bytes`);
    const bytes = Buffer.alloc(longest);
    let length = 0;
    for (let taken = 1; taken > 0 && length < longest; length += taken)
      taken = readSync(file, bytes, length, longest - length, null);
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}
