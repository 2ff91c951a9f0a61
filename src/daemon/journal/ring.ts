// The file of the last events, one line each, and the file before it: a full file (10,000 lines) takes the other's place. Written without
// waiting for the disk. A line that a kill or a full disk has cut does not affect later ones. Knows no event: only numbered lines.

import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  write,
  writeSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { errnoOf } from '../../errors.ts';

/** Lines that are kept, at least. No more are shown. */
export const capacity = 10_000;
/** Bytes that are read at once. */
const block = 64 * 1024;
/** Bytes that wait for a disk that is full or slow. Beyond that the oldest are lost. */
const mostWaiting = 256 * 1024;

export interface RingPaths {
  readonly current: string;
  readonly before: string;
}

/** Takes lines, the newest first. Returns false to stop. */
export type See = (line: string) => boolean;

export class Ring {
  readonly #paths: RingPaths;
  /** Called with what is wrong with the file, and with null when it is well again. `lost`: lines that were lost. */
  readonly #trouble: (error: unknown, lost: number) => void;
  #fd: number;
  /** Of the first line in the file; null: there is none. */
  #first: number | null = null;
  #last: number;
  #waiting: { readonly seq: number; readonly text: Buffer }[] = [];
  #bytes = 0;
  /** The rest of a write that was only done in part. */
  #rest: Buffer | null = null;
  #isBusy = false;
  #isBad = false;
  #lost = 0;
  #idle: (() => void)[] = [];

  /** @throws the errors of open(2). */
  constructor(paths: RingPaths, trouble: (error: unknown, lost: number) => void) {
    this.#paths = paths;
    this.#trouble = trouble;
    this.#fd = openRing(paths.current);
    const size = fstatSync(this.#fd).size;
    this.#first = seqsIn(readPiece(this.#fd, 0, block))[0] ?? null;
    const end = readPiece(this.#fd, Math.max(0, size - block), block);
    this.#last = Math.max(0, ...seqsIn(end), ...(this.#first === null ? lastOf(paths.before) : []));
    // A cut line at the end of the file must not be joined to the next one.
    if (end.length > 0 && end.at(-1) !== 10) this.#rest = Buffer.from('\n');
  }

  /** The number of the newest line. */
  get last(): number {
    return this.#last;
  }

  /** `line` ends with its newline; `seq` is one more than the last. */
  append(seq: number, line: string): void {
    const text = Buffer.from(line);
    this.#last = seq;
    this.#waiting.push({ seq, text });
    this.#bytes += text.length;
    while (this.#bytes > mostWaiting) {
      this.#bytes -= this.#waiting.shift()?.text.length ?? 0;
      this.#lost += 1;
    }
    this.#pump();
  }

  /** Resolves when nothing waits any more, or it cannot be written. */
  flush(): Promise<void> {
    if (!this.#isBusy) return Promise.resolve();
    return new Promise(resolve => this.#idle.push(resolve));
  }

  /** Writes at once what waits, before the process ends. */
  flushNow(): void {
    if (this.#isBusy) return;
    try {
      for (const text of [this.#rest, ...this.#waiting.map(({ text }) => text)])
        if (text !== null) writeSync(this.#fd, text);
    } catch {
      // Nobody is left to be told.
    }
    this.#rest = null;
    this.#waiting = [];
  }

  /** Gives lines from the newest to the oldest, as long as `see` wants more. Resolves after the last. */
  async read(see: See): Promise<void> {
    await this.flush();
    // Both files are opened before anything is read: a rename in between would show one of them twice.
    const files = [await openOrNull(this.#paths.current), await openOrNull(this.#paths.before)];
    let left = capacity;
    try {
      for (const file of files) {
        if (file === null) continue;
        const goOn = await backwards(file, line => {
          if (left === 0) return false;
          left -= 1;
          return see(line);
        });
        if (!goOn) return;
      }
    } finally {
      for (const file of files) await file?.close();
    }
  }

  #pump(): void {
    if (this.#isBusy) return;
    const first = this.#waiting[0];
    if (
      first !== undefined &&
      this.#rest === null &&
      this.#first !== null &&
      first.seq - this.#first >= capacity
    )
      this.#turn();
    const text = this.#rest ?? this.#takeAll();
    if (text === null) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#isBusy = true;
    write(this.#fd, text, 0, text.length, null, (error, written) => {
      this.#isBusy = false;
      const rest = text.subarray(error === null ? written : 0);
      this.#rest = rest.length === 0 ? null : rest;
      if (error === null && written > 0) {
        this.#isWell();
        this.#pump();
        return;
      }
      // The next line tries again.
      if (!this.#isBad) this.#trouble(error ?? new Error('nothing could be written'), 0);
      this.#isBad = true;
      for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  #takeAll(): Buffer | null {
    if (this.#waiting.length === 0) return null;
    this.#first ??= this.#waiting[0]?.seq ?? null;
    const text = Buffer.concat(this.#waiting.map(({ text }) => text));
    this.#waiting = [];
    this.#bytes = 0;
    return text;
  }

  #isWell(): void {
    if (!this.#isBad) return;
    this.#isBad = false;
    this.#trouble(null, this.#lost);
    this.#lost = 0;
  }

  /** The file is full: it takes the place of the one before. */
  #turn(): void {
    try {
      renameSync(this.#paths.current, this.#paths.before);
      const next = openRing(this.#paths.current);
      closeSync(this.#fd);
      this.#fd = next;
    } catch {
      // The disk has no inode left. No history is better than a file without bound.
      ftruncateSync(this.#fd, 0);
    }
    this.#first = null;
  }
}

function openRing(path: string): number {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  return openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
}

async function openOrNull(path: string): Promise<FileHandle | null> {
  // Loaded with the first look: it loads node:readline, too.
  const { open } = process.getBuiltinModule('node:fs/promises');
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Whether it was read to its beginning. Empty lines are none. */
async function backwards(file: FileHandle, see: See): Promise<boolean> {
  let end = (await file.stat()).size;
  /** The beginning of what has been read: it may be the end of a longer line. */
  let open: Buffer = Buffer.alloc(0);
  while (end > 0) {
    const length = Math.min(block, end);
    const piece = Buffer.alloc(length);
    const { bytesRead } = await file.read(piece, 0, length, end - length);
    end -= length;
    let rest: Buffer = Buffer.concat([piece.subarray(0, bytesRead), open]);
    for (let at = rest.lastIndexOf(10); at >= 0; at = rest.lastIndexOf(10)) {
      const line = rest.subarray(at + 1);
      rest = rest.subarray(0, at);
      if (line.length > 0 && !see(line.toString('utf8'))) return false;
    }
    // A line that is longer than any of hostd's is not one of them.
    open = rest.length > mostWaiting ? Buffer.alloc(0) : rest;
  }
  return open.length === 0 || see(open.toString('utf8'));
}

function readPiece(fd: number, from: number, length: number): Buffer {
  const piece = Buffer.alloc(length);
  return piece.subarray(0, readSync(fd, piece, 0, length, from));
}

/** Numbers of the lines that are whole in a piece of a file. */
function seqsIn(piece: Buffer): number[] {
  const numbers = piece
    .toString('utf8')
    .split('\n')
    .map(line => Number(/^\{"seq":(\d{1,15}),.*\}$/.exec(line)?.[1] ?? Number.NaN));
  return numbers.filter(Number.isSafeInteger);
}

function lastOf(path: string): number[] {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return seqsIn(readPiece(fd, Math.max(0, fstatSync(fd).size - block), block)).slice(-1);
    } finally {
      closeSync(fd);
    }
  } catch {
    return [];
  }
}
