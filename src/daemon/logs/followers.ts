// The readers that follow a log while it is written (hostctl logs -f). They have to know when its beginning is taken out.

import { fstatSync } from 'node:fs';

/** Bytes that were taken out of the beginning of a log. */
export interface Shift {
  /** The log's byte at this offset is now at offset 0. */
  readonly bytes: number;
  /** How many of the first of these bytes are lost, because they were not copied. */
  readonly dropped: number;
  /** Opens the copy of the other bytes, for a follower that has not read them yet. The follower closes it. null: there is none. */
  readonly openCopy: () => number | null;
}

export interface Follower {
  /** The log is about to be shifted: reads nothing until goOn(). */
  hold(): void;
  /** null: the log was not shifted. */
  goOn(shift: Shift | null): void;
}

export interface Followers {
  /** Adds a follower of the open log `fd`, until the returned function is called. */
  add(fd: number, follower: Follower): () => void;
  any(fd: number): boolean;
  hold(fd: number): void;
  goOn(fd: number, shift: Shift | null): void;
}

export function makeFollowers(): Followers {
  const all = new Map<string, Set<Follower>>();
  const held = new Set<string>();
  const of = (fd: number) => [...(all.get(fileKey(fd)) ?? [])];
  return {
    add(fd, follower) {
      const key = fileKey(fd);
      const set = all.get(key) ?? new Set();
      all.set(key, set.add(follower));
      if (held.has(key)) follower.hold();
      return () => {
        set.delete(follower);
        if (set.size === 0 && all.get(key) === set) all.delete(key);
      };
    },
    any: fd => of(fd).length > 0,
    hold(fd) {
      held.add(fileKey(fd));
      for (const follower of of(fd)) follower.hold();
    },
    goOn(fd, shift) {
      held.delete(fileKey(fd));
      for (const follower of of(fd)) follower.goOn(shift);
    },
  };
}

/** A key that is the same for all open files of one inode. */
export function fileKey(fd: number): string {
  const { dev, ino } = fstatSync(fd);
  return `${dev}:${ino}`;
}
