// How many connections a listening unix socket has, waiting to be accepted and accepted, by the kernel's own list (/proc/net/unix, proc(5)).
// The names in it are chosen by whoever binds, and its length by whoever makes sockets: a stranger can make a socket seem busy, and none quiet.

import { closeSync, openSync } from 'node:fs';
import { readAtMost } from './read-text.ts';

/** Bytes of the list that are read, some 30,000 sockets. It takes the kernel and hostd a tenth of a second. */
const longestList = 2 * 1024 * 1024;

/**
 * Of the listener with this inode (in sockfs). Connections from other network namespaces are not in the list. 0 where it is not either.
 * Infinity: the machine has too many sockets to look through.
 */
export function openConnections(inode: number): number {
  try {
    const fd = openSync('/proc/net/unix', 'r');
    try {
      const text = readAtMost(fd, longestList);
      return text === null ? Number.POSITIVE_INFINITY : countConnections(text, inode);
    } finally {
      closeSync(fd);
    }
  } catch {
    return 0;
  }
}

/** Lines are "Num: RefCount Protocol Flags Type St Inode Path"; St 2 is one that nobody has accepted yet, 3 one that is open. */
export function countConnections(text: string, inode: number): number {
  const name = new RegExp(`^[0-9a-f]+: (?:[0-9A-F]+ ){4}01 +${inode} (/.*)$`, 'm').exec(text)?.[1];
  if (name === undefined) return 0;
  const connection = /^[0-9a-f]+: (?:[0-9A-F]+ ){4}0[23] +\d+ (\/.*)$/;
  return text.split('\n').filter(line => connection.exec(line)?.[1] === name).length;
}
