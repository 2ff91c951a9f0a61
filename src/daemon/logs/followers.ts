// Who reads on in a log while it is written (hostctl logs -f), and has to be told when its beginning is taken out.

import { fstatSync } from 'node:fs';

/** What has been taken out of a log. */
export interface Shift {
  /** What was at this offset is at 0 now. */
  readonly bytes: number;
  /** Of these bytes, the first ones that were not even copied. */
  readonly dropped: number;
  /** Opens the copy of the others, for whoever has not read them yet and closes it then; null: there is none. */
  readonly openCopy: () => number | null;
}

export interface Follower {
  /** Reads nothing until it is told to go on: the log is about to be shifted. */
  hold(): void;
  /** null: nothing has changed. */
  goOn(shift: Shift | null): void;
}

export interface Followers {
  /** `fd` is the open log. Until the returned function is called. */
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

/** The same for all open files of one inode. */
export function fileKey(fd: number): string {
  const { dev, ino } = fstatSync(fd);
  return `${dev}:${ino}`;
}
