// Finds where the last lines of a file begin.

import { fstatSync, readSync } from 'node:fs';

/** Bytes that are read at once. */
const block = 64 * 1024;
/** Bytes of "the last N lines", at most. */
const longestTail = 16 * 1024 * 1024;
/** Bytes of a start's log that are read, at most. */
const mostRead = 256 * 1024;

/** Offset of the last `lines` lines of an open file, in bytes, and how many lines fewer the file has. */
export function tailOffset(fd: number, lines: number): { readonly offset: number; readonly missing: number } {
  const { size } = fstatSync(fd);
  if (lines === 0) return { offset: size, missing: 0 };
  const least = Math.max(0, size - longestTail);
  const buffer = Buffer.allocUnsafe(block);
  let left = lines;
  for (let end = size; end > least; ) {
    const start = Math.max(0, end - block);
    const length = readSync(fd, buffer, 0, end - start, start);
    for (let i = length - 1; i >= 0; i--) {
      // The newline at the end of the file ends its last line, and begins no other.
      if (buffer[i] !== 10 || start + i === size - 1) continue;
      left -= 1;
      if (left <= 0) return { offset: start + i + 1, missing: 0 };
    }
    end = start;
  }
  return { offset: least, missing: least > 0 ? 0 : size > 0 ? left - 1 : left };
}

/** The last whole lines of what was written from `from` on, at most `most` lines and 256 kB. */
export function lastLines(fd: number, from: number, most: number): string[] {
  const { size } = fstatSync(fd);
  const start = Math.max(from, tailOffset(fd, most).offset, size - mostRead);
  const buffer = Buffer.alloc(Math.max(0, size - start));
  const length = readSync(fd, buffer, 0, buffer.length, start);
  const lines = buffer.subarray(0, length).toString('utf8').trimEnd().split('\n');
  return (start === size - mostRead ? lines.slice(1) : lines).filter(Boolean);
}
