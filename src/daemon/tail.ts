// The end of a log file, and what is written to it from then on. Told by the kernel (inotify) that there is more, never polled.

import { closeSync, type FSWatcher, fstatSync, readSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Owner, openDirectory, openForReading } from './paths.ts';

/** Read at once, in bytes. */
const block = 64 * 1024;
/** The most that "the last N lines" may be, in bytes. */
const longestTail = 16 * 1024 * 1024;

/** Where the last `lines` lines of an open file begin, in bytes. */
export function tailOffset(fd: number, lines: number): number {
  const { size } = fstatSync(fd);
  const buffer = Buffer.alloc(block);
  let left = lines;
  for (let end = size; end > Math.max(0, size - longestTail); ) {
    const start = Math.max(0, end - block);
    const length = readSync(fd, buffer, 0, end - start, start);
    for (let i = length - 1; i >= 0; i--) {
      // The newline that ends the file ends its last line, it does not begin another.
      if (buffer[i] !== 10 || start + i === size - 1) continue;
      left -= 1;
      if (left <= 0) return start + i + 1;
    }
    end = start;
  }
  return Math.max(0, size - longestTail);
}

/** The last lines of what was written from `from` on, at most `most` of them. */
export function lastLines(fd: number, from: number, most: number): string[] {
  const start = Math.max(from, tailOffset(fd, most));
  const buffer = Buffer.alloc(Math.max(0, Math.min(block, fstatSync(fd).size - start)));
  const length = readSync(fd, buffer, 0, buffer.length, start);
  return buffer.subarray(0, length).toString('utf8').trimEnd().split('\n').filter(Boolean);
}

export interface Follower {
  close(): void;
}

/** Where the bytes go. `write` returns false when it wants no more until `ready` is called back. */
export interface Sink {
  write(bytes: Buffer): boolean;
  whenReady(callback: () => void): void;
  end(): void;
}

/**
 * Sends the last `lines` lines and, with `follow`, what comes after, through truncation and replacement of the file.
 * @throws the errors of openForReading when there is no such file.
 */
export function tail(path: string, owner: Owner, lines: number, follow: boolean, sink: Sink): Follower {
  let fd = openForReading(path, owner);
  let position = lines === 0 ? fstatSync(fd).size : tailOffset(fd, lines);
  let stopped = false;
  let blocked = false;
  let watcher: FSWatcher | null = null;
  let directory: number | null = null;

  const send = (): boolean => {
    const size = fstatSync(fd).size;
    // Truncated: what is there now is new.
    if (size < position) position = 0;
    while (position < size && !blocked && !stopped) {
      const buffer = Buffer.alloc(Math.min(block, size - position));
      const length = readSync(fd, buffer, 0, buffer.length, position);
      if (length === 0) break;
      position += length;
      if (!sink.write(buffer.subarray(0, length))) {
        blocked = true;
        sink.whenReady(() => {
          blocked = false;
          pump();
        });
      }
    }
    return position >= size;
  };

  const pump = () => {
    if (stopped) return;
    const all = send();
    if (all && !follow) close(true);
  };

  /** The file of that name may be another one now (logrotate): the rest of the old one first. */
  const reopen = () => {
    if (stopped || blocked) return;
    send();
    try {
      const next = openForReading(path, owner);
      if (fstatSync(next).ino === fstatSync(fd).ino) closeSync(next);
      else {
        closeSync(fd);
        fd = next;
        position = 0;
      }
    } catch {
      // It is gone for the moment; the directory will say when it is back.
    }
    pump();
  };

  const close = (ended: boolean) => {
    if (stopped) return;
    stopped = true;
    watcher?.close();
    if (directory !== null) closeSync(directory);
    closeSync(fd);
    if (ended) sink.end();
  };

  if (follow) {
    const name = basename(path);
    directory = openDirectory(dirname(path));
    watcher = watch(`/proc/self/fd/${directory}`, (event, changed) => {
      if (changed !== name) return;
      if (event === 'rename') reopen();
      else pump();
    });
    watcher.on('error', () => close(true));
  }
  pump();
  return { close: () => close(false) };
}
