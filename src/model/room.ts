// What room a file system has left, and whether that is enough. Pure.

export interface Room {
  /** Bytes that an ordinary user may still use, and all bytes. */
  readonly free: number;
  readonly all: number;
  /** Inodes. Both are 0 where the file system has no limit of them. */
  readonly freeFiles: number;
  readonly allFiles: number;
}

/** Bytes. With fewer, an hour's log or an upload may not fit. On a small file system fewer are enough. */
const little = 512 * 1024 ** 2;
const smallPart = 0.03;

export interface Lack {
  readonly severity: 'error' | 'warning';
  readonly words: string;
  readonly lacks: 'room' | 'inodes';
}

/** The problem of a file system, or null. */
export function judgeRoom({ free, all, freeFiles, allFiles }: Room): Lack | null {
  const least = 4096 * 4;
  if (free < least) return { severity: 'error', words: 'is full', lacks: 'room' };
  if (allFiles > 0 && freeFiles === 0)
    return { severity: 'error', words: 'has no inode left', lacks: 'inodes' };
  if (free < little && free < all * smallPart)
    return {
      severity: 'warning',
      words: `is nearly full: ${Math.ceil(free / 1024 ** 2)} MiB left`,
      lacks: 'room',
    };
  if (allFiles > 0 && freeFiles < allFiles * smallPart && freeFiles < 10_000)
    return { severity: 'warning', words: `is nearly out of inodes: ${freeFiles} left`, lacks: 'inodes' };
  return null;
}

/** Of its room, a file system that was nearly full must not need so much to be called sound again: it would be both by turns. */
const slack = 0.8;

/** Whether the problem of a file system that had one is over. */
export function isRoomAgain(room: Room): boolean {
  return judgeRoom({ ...room, free: room.free * slack, freeFiles: room.freeFiles * slack }) === null;
}
