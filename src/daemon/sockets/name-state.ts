// What is at the path of a socket that hostd holds, and what is to be done about it. Pure.

/** The rights of a socket file. */
export interface Rights {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits alone. */
  readonly mode: number;
}

export type Seen =
  | ({ readonly kind: 'held' } & Rights)
  /** Nothing of that name, or its directory is gone. */
  | { readonly kind: 'missing' }
  /** Something else: a file, a link, or a socket that hostd did not make. */
  | {
      readonly kind: 'other';
      readonly listens: boolean;
      /** Of a socket; null: it is none. */
      readonly inode?: number | null;
    }
  /** It could not be looked at. */
  | { readonly kind: 'hidden'; readonly why: string };

export type Mend =
  | 'nothing'
  /** Owner, group and mode are set again. */
  | 'rights'
  /** The path becomes the socket's name again, in place of what is there. */
  | 'name'
  /** A program listens there by itself: hostd's socket would take its visitors away. */
  | 'leave';

/** What makes the path the held socket again. `wanted` null: the rights are not known, and stay as they are. */
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
