// Reads a short file that others make as long as they like: never more bytes than wanted, whatever size it claims.

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
    const text = readAtMost(fd, longest);
    if (text === null) throw new HostdError('failed', `cannot read "${path}": longer than ${longest} bytes`);
    return text;
  } finally {
    closeSync(fd);
  }
}

/** The bytes of an open file from its position on, as latin1; null: there are more than `longest`. */
export function readAtMost(fd: number, longest: number): string | null {
  const bytes = Buffer.alloc(longest + 1);
  let length = 0;
  for (let size = -1; size !== 0 && length < bytes.length; length += size)
    size = readSync(fd, bytes, length, bytes.length - length, null);
  return length > longest ? null : bytes.toString('latin1', 0, length);
}
