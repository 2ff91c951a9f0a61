// Copies bytes of a log from one open file to another, and finds where a log may be cut. Knows no path and no rights.

import { fstatSync, readSync, writeSync } from 'node:fs';
import { HostdError } from '../../errors.ts';

/** Bytes that are copied at once. */
const piece = 1024 * 1024;

/**
 * Copies the bytes from `start` to `end` to `offset` in the other file. Blocks of zeros, such as a sparse file's holes,
 * stay holes: the caller sets the size.
 * @throws HostdError 'conflict' when the file has been made shorter meanwhile.
 */
export function copyBytes(from: number, start: number, end: number, to: number, offset: number): void {
  const buffer = Buffer.allocUnsafe(Math.min(piece, Math.max(1, end - start)));
  for (let position = start; position < end; ) {
    const length = readSync(from, buffer, 0, Math.min(buffer.length, end - position), position);
    if (length === 0) throw new HostdError('conflict', 'cannot copy it: somebody has made it shorter');
    if (!isZero(buffer, length))
      for (let done = 0; done < length; )
        done += writeSync(to, buffer, done, length - done, offset + position - start + done);
    position += length;
  }
}

/** Whether the first `length` bytes, at least one, are all zero: the first is, and each other equals the one before. */
function isZero(bytes: Buffer, length: number): boolean {
  return bytes[0] === 0 && bytes.compare(bytes, 0, length - 1, 1, length) === 0;
}

/** Blocks that are searched for the end of a line. */
const mostBlocks = 65_536;

/** Where a log can be cut, and whether a line ends there. */
export interface Cut {
  /** Bytes; 0: nowhere, since the log is too short. */
  readonly at: number;
  readonly wholeLine: boolean;
}

/**
 * The last end of a block that is also the end of a line, if there is one after the first quarter of the file; else the last end of
 * a block, within a line. At least one byte stays behind, as COLLAPSE_RANGE demands.
 */
export function cutOf(fd: number, size: number, block: number): Cut {
  const last = Math.max(0, Math.floor((size - 1) / block) * block);
  const byte = Buffer.alloc(1);
  const first = Math.max(size / 4, last - mostBlocks * block);
  for (let at = last; at > 0 && at >= first; at -= block)
    if (readSync(fd, byte, 0, 1, at - 1) === 1 && byte[0] === 10) return { at, wholeLine: true };
  return { at: last, wholeLine: false };
}

/** Whether a file begins with everything that is in `copy`. */
export function beginsWith(fd: number, copy: number): boolean {
  const { size } = fstatSync(copy);
  if (fstatSync(fd).size < size) return false;
  const [a, b] = [Buffer.allocUnsafe(piece), Buffer.allocUnsafe(piece)];
  for (let position = 0; position < size; ) {
    const length = readSync(copy, a, 0, piece, position);
    if (length === 0 || readSync(fd, b, 0, length, position) !== length) return false;
    if (a.compare(b, 0, length, 0, length) !== 0) return false;
    position += length;
  }
  return true;
}
