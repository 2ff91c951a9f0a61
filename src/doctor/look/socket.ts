// An app's socket as it lies in the file system, and who must be able to connect to it. Connects to nothing: that would wake an app.

import { lstatSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { closedTo } from '../../linux/closed.ts';
import { isListening } from '../../linux/unix-listeners.ts';
import type { User } from '../../native/index.ts';
import type { Ids, SocketFacts } from '../facts.ts';

export function lookAtSocket(path: string, held: boolean | null, callers: readonly Ids[]): SocketFacts {
  return {
    file: fileAt(path),
    listens: isListening(path),
    held,
    callers: callers.map(caller => ({ ...caller, closed: closedTo(path, asUser(caller)) })),
  };
}

function fileAt(path: string): SocketFacts['file'] {
  try {
    const stats = lstatSync(path);
    const { uid, gid, mode } = stats;
    return { isSocket: stats.isSocket(), uid, gid, mode: mode & 0o7777 };
  } catch (error) {
    return errnoOf(error) === 'EACCES' ? 'closed' : null;
  }
}

function asUser({ user, uid, groups }: Ids): User {
  return { name: user, uid, gid: groups[0] ?? uid, home: '/', shell: '', groups };
}
