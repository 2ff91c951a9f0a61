// Reads a short file that may be an app's: never more bytes than wanted, whatever size it claims.

import { closeSync, readSync } from 'node:fs';
import { HostdError } from '../errors.ts';
import { type Owner, openThroughLinks } from './paths.ts';

/**
 * The file's bytes, one character each (latin1), opened by openThroughLinks' rules.
 * @throws HostdError for a file of more than `longest` bytes; the usual errors of open(2).
 */
export function readText(path: string, owner: Owner, longest: number): string {
  const fd = openThroughLinks(path, owner);
  try {
    const bytes = Buffer.alloc(longest + 1);
    let length = 0;
    for (let size = -1; size !== 0 && length < bytes.length; length += size)
      size = readSync(fd, bytes, length, bytes.length - length, null);
    if (length > longest)
      throw new HostdError('failed', `cannot read "${path}": longer than ${longest} bytes`);
    return bytes.toString('latin1', 0, length);
  } finally {
    closeSync(fd);
  }
}
