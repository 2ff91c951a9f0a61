// A file that is ready to be sent: an open descriptor or, for a small file, its bytes. The bytes of small files are kept for later
// requests. They are sent again as long as stat(2) says that the file is the same, and stat(2) is asked at most once every
// `believedMs`. That saves five system calls of six, or all of them.

import { closeSync, readSync, type Stats, statSync } from 'node:fs';
import type { Validators } from '../http/conditional.ts';
import { formatHttpDate } from '../http/http-date.ts';

export interface ServedFile extends Validators {
  readonly size: number;
  /** lastModified as the Last-Modified field has it. */
  readonly date: string;
  readonly content: /** latin-1: goes out in one write with its header. */
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'bytes'; readonly bytes: Buffer }
    /** The caller closes it. */
    | { readonly kind: 'fd'; readonly fd: number };
}

/** Bytes: a file up to this size is read at once, without a thread, and kept. The same bound holds for keeping it as text. */
const smallFile = 262_144;
const smallText = 16_384;
/** Bytes of all kept files. */
const keptBytes = 33_554_432;
/** Milliseconds after a change in which a second change could go unseen, because file times have no finer grain. */
const settlingMs = 2000;

/**
 * Milliseconds for which a file that was looked at is not looked at again. Looking costs a sixth of what sending a small file costs.
 * Within that time a client may get the file as it was before a change. That answer is still whole, and its validators belong to it.
 * Only a client whose own request to the app made the change could notice: so each answer of an app ends that time (doubtKept).
 */
const believedMs = 20;

interface Kept {
  readonly file: ServedFile;
  readonly stats: Stats;
  /** When the file was last looked at. */
  at: number;
}

const kept = new Map<string, Kept>();
let total = 0;
let doubtedAt = Number.NEGATIVE_INFINITY;

/** The kept file of this path (latin-1), if it is still there and unchanged. */
export function findKept(path: string): ServedFile | null {
  const entry = kept.get(path);
  if (entry === undefined) return null;
  const now = performance.now();
  if (now - entry.at < believedMs && entry.at > doubtedAt) return entry.file;
  if (isSame(entry.stats, statOf(path))) {
    entry.at = now;
    return entry.file;
  }
  forget(path, entry);
  return null;
}

/** Each kept file is looked at before it is sent again, because something was done that may have changed a file. */
export function doubtKept(): void {
  doubtedAt = performance.now();
}

/** Takes over an open file; `path` is where openBelow() found it. Throws what read(2) says. */
export function takeFile(path: string, fd: number, stats: Stats): ServedFile {
  if (stats.size > smallFile) return describe(stats, stats.size, { kind: 'fd', fd });
  const bytes = Buffer.allocUnsafeSlow(stats.size);
  let size = 0;
  try {
    size = readSync(fd, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(fd);
  }
  const content: ServedFile['content'] =
    size <= smallText
      ? { kind: 'text', text: bytes.toString('latin1', 0, size) }
      : { kind: 'bytes', bytes: bytes.subarray(0, size) };
  const file = describe(stats, size, content);
  keep(path, { file, stats, at: Number.NEGATIVE_INFINITY });
  return file;
}

/** Closes a file that will not be sent. */
export function dropFile({ content }: ServedFile): void {
  if (content.kind === 'fd') closeSync(content.fd);
}

function describe(stats: Stats, size: number, content: ServedFile['content']): ServedFile {
  const lastModified = Math.floor(stats.mtimeMs / 1000);
  const etag = `"${lastModified.toString(16)}-${size.toString(16)}"`;
  return { size, etag, lastModified, date: formatHttpDate(lastModified), content };
}

function keep(path: string, entry: Kept): void {
  if (Date.now() - entry.stats.ctimeMs < settlingMs || entry.file.size !== entry.stats.size) return;
  const before = kept.get(path);
  if (before !== undefined) forget(path, before);
  kept.set(path, entry);
  total += costOf(path, entry);
  for (const [oldest, value] of kept) {
    if (total <= keptBytes) break;
    forget(oldest, value);
  }
}

function forget(path: string, entry: Kept): void {
  kept.delete(path);
  total -= costOf(path, entry);
}

function costOf(path: string, { file }: Kept): number {
  return path.length + file.size + 500;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(Buffer.from(path, 'latin1'), { throwIfNoEntry: false });
  } catch {
    return undefined; // no longer allowed to look: so it is opened again, and refused
  }
}

function isSame(then: Stats, now: Stats | undefined): boolean {
  return (
    now !== undefined &&
    now.ino === then.ino &&
    now.dev === then.dev &&
    now.size === then.size &&
    now.mtimeMs === then.mtimeMs &&
    now.ctimeMs === then.ctimeMs
  );
}
