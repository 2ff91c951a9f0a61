// What is at the path of a socket that hostd holds, and what hostd does about it. Pure.

/** The rights of a socket file. */
export interface Rights {
  readonly uid: number;
  readonly gid: number;
  /** The permission bits. */
  readonly mode: number;
}

export type Seen =
  | ({ readonly kind: 'held' } & Rights)
  /** Nothing has that name, or the directory is gone. */
  | { readonly kind: 'missing' }
  /** Something else has the name: a file, a link, or a socket that hostd did not make. */
  | {
      readonly kind: 'other';
      readonly listens: boolean;
      /** The inode of a socket; null: it is no socket. */
      readonly inode?: number | null;
    }
  /** hostd could not look. */
  | { readonly kind: 'hidden'; readonly why: string };

export type Mend =
  | 'nothing'
  /** Set owner, group and mode again. */
  | 'rights'
  /** Make the path the socket's name again, in place of what is there. */
  | 'name'
  /** A program listens there by itself. hostd's socket would take its visitors away. */
  | 'leave';

/** What makes the path the held socket's again. `wanted` null: the rights are not known, and stay as they are. */
export function mendOf(seen: Seen, wanted: Rights | null): Mend {
  switch (seen.kind) {
    case 'held':
      return wanted === null || isEqual(seen, wanted) ? 'nothing' : 'rights';
    case 'missing':
      return 'name';
    case 'other':
      return seen.listens ? 'leave' : 'name';
    case 'hidden':
      return 'nothing';
  }
}

function isEqual(one: Rights, other: Rights): boolean {
  return one.uid === other.uid && one.gid === other.gid && one.mode === other.mode;
}
