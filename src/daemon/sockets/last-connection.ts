// Whether anybody has connected to a listening socket that hostd holds, whatever program accepts from it.

import { fstatSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import { type Note, native } from '../../native/index.ts';

export interface LastConnection {
  /** Whether anybody has connected since the last call; false at the first one about a socket. null: nobody can tell. */
  wasConnected(): boolean | null;
  /** Why nobody can tell. */
  why(): string;
  end(): void;
}

/** `listener`: the fd, which may become another socket's while it is watched; undefined: hostd does not hold the socket. */
export function watchConnections(listener: () => number | undefined): LastConnection {
  let noted: { readonly inode: number; readonly note: Note } | null = null;
  let why = 'hostd does not hold its socket';
  const end = () => {
    if (noted !== null) native.stopNoting(noted.note);
    noted = null;
  };
  const look = (fd: number): boolean => {
    const inode = fstatSync(fd).ino;
    if (noted?.inode === inode) return native.wasConnected(noted.note) === 1;
    end();
    noted = { inode, note: native.noteConnections(fd) };
    return false;
  };
  return {
    wasConnected() {
      const fd = listener();
      if (fd === undefined) return null;
      try {
        return look(fd);
      } catch (error) {
        why = `the kernel does not tell who connects (${messageOf(error)})`;
        return null;
      }
    },
    why: () => why,
    end,
  };
}
