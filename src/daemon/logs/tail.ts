// The end of a log, and what is written to it from then on: across rotation by hostd, truncation by its program, and replacement.
// The kernel tells that there is more (inotify). Nothing is polled.

import { closeSync, fstatSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Owner, openDirectory, openForReading } from '../../linux/paths.ts';
import { type QuietWatch, watchQuietly } from '../../linux/quiet-watch.ts';
import { checkReserve } from '../runs/descriptors.ts';
import { type Followers, fileKey, type Shift } from './followers.ts';
import { tailOffset } from './tail-offset.ts';

/** Bytes that are read at once. */
const block = 64 * 1024;
/** Milliseconds between two looks at a busy log. */
const rest = 50;
/** A reader that is this many rotations behind is given up: its copies take room on the disk. */
const mostCopies = 8;

export interface Tail {
  close(): void;
}

/** Takes the bytes. `write` returns false when it wants no more until `whenReady` calls back. */
export interface Sink {
  write(bytes: Buffer): boolean;
  whenReady(callback: () => void): void;
  end(): void;
}

/** Part of a file that is still to be sent. */
interface Part {
  readonly fd: number;
  position: number;
  readonly end: number;
}

export interface TailOptions {
  /** What is sent first: this many lines, or bytes, from the end. */
  readonly from: { readonly lines: number } | { readonly bytes: number };
  /** Whether later lines are sent too. */
  readonly follow: boolean;
  /** Sent when the file has become shorter. */
  readonly truncated?: Buffer;
}

/**
 * Sends the end of a log.
 * @throws the errors of openForReading when there is no such file.
 */
export function tail(
  path: string,
  owner: Owner,
  { from, follow, truncated }: TailOptions,
  sink: Sink,
  followers: Followers,
): Tail {
  checkReserve(`read "${path}"`);
  let fd = openForReading(path, owner);
  let position = 0;
  /** Parts to send before the log itself: backups, and what was taken out of the log before it was sent. */
  let before: Part[] = [];
  let state: 'new' | 'going' | 'held' | 'stopped' = 'new';
  let blocked = false;
  let watching: QuietWatch | null = null;
  let directory: number | null = null;

  const begin = () => {
    if ('bytes' in from) position = Math.max(0, fstatSync(fd).size - from.bytes);
    else {
      const { offset, missing } = tailOffset(fd, from.lines);
      position = offset;
      if (missing > 0) before = backupPart(path, owner, missing);
    }
    state = 'going';
  };

  /** Sends a part until its end, or until the sink wants no more. Returns whether it has come to the end. */
  const send = (part: Part): boolean => {
    while (part.position < part.end && !blocked && state === 'going') {
      const buffer = Buffer.allocUnsafe(Math.min(block, part.end - part.position));
      const length = readSync(part.fd, buffer, 0, buffer.length, part.position);
      if (length === 0) return true;
      part.position += length;
      give(buffer.subarray(0, length));
    }
    return part.position >= part.end;
  };

  const give = (bytes: Buffer) => {
    if (sink.write(bytes)) return;
    blocked = true;
    sink.whenReady(() => {
      blocked = false;
      pump();
    });
  };

  const pump = (): boolean => {
    if (state !== 'going' || blocked) return false;
    for (let part = before[0]; part !== undefined; part = before[0]) {
      if (!send(part)) return true;
      closeSync(part.fd);
      before.shift();
    }
    const { size } = fstatSync(fd);
    // The program has truncated the log, so everything in it is new.
    if (size < position) {
      position = 0;
      if (truncated !== undefined) give(truncated);
    }
    const part = { fd, position, end: size };
    const all = send(part);
    const found = part.position > position;
    position = part.position;
    if (all && !follow) close(true);
    return found;
  };

  /** Bytes that are taken out before they were sent are sent from the copy. */
  const shifted = ({ bytes, dropped, openCopy }: Shift) => {
    if (position >= bytes) {
      position -= bytes;
      return;
    }
    const copy = openCopy();
    const part = { position: Math.max(0, position - dropped), end: bytes - dropped };
    position = 0;
    if (copy !== null) before.push({ fd: copy, ...part });
    if (before.length > mostCopies) close(true);
  };

  const follower = {
    hold: () => {
      if (state === 'going') state = 'held';
    },
    goOn: (shift: Shift | null) => {
      if (state === 'stopped') return;
      if (state === 'new') begin();
      else {
        state = 'going';
        if (shift !== null) shifted(shift);
      }
      pump();
    },
  };

  /** Goes on with another file of that name once somebody writes to it: then nobody writes to the old one. */
  const switchOver = () => {
    if (state !== 'going' || blocked || before.length > 0) return;
    const next = openAnother(path, owner, fd);
    if (next === null) return;
    pump();
    forget();
    closeSync(fd);
    fd = next;
    position = 0;
    forget = followers.add(fd, follower);
  };

  const close = (ended: boolean) => {
    if (state === 'stopped') return;
    state = 'stopped';
    watching?.close();
    forget();
    for (const open of [fd, ...before.map(part => part.fd), ...(directory === null ? [] : [directory])])
      closeSync(open);
    if (ended) sink.end();
  };

  let held = false;
  let forget = followers.add(fd, { ...follower, hold: () => (held = true) });
  forget();
  forget = followers.add(fd, follower);
  if (!held) begin();
  if (follow) {
    directory = openDirectory(dirname(path));
    watching = watchQuietly(directory, rest, () => {
      switchOver();
      return pump();
    });
  }
  pump();
  return { close: () => close(false) };
}

/** The file that now has the log's name, if it is another one and not empty. */
function openAnother(path: string, owner: Owner, fd: number): number | null {
  try {
    const next = openForReading(path, owner);
    if (fileKey(next) !== fileKey(fd) && fstatSync(next).size > 0) return next;
    closeSync(next);
  } catch {
    // The file is gone for the moment. The directory's watch tells when it is back.
  }
  return null;
}

/** The last lines of the newest backup. */
function backupPart(path: string, owner: Owner, lines: number): Part[] {
  try {
    const fd = openForReading(`${path}.1`, owner);
    return [{ fd, position: tailOffset(fd, lines).offset, end: fstatSync(fd).size }];
  } catch {
    return [];
  }
}
