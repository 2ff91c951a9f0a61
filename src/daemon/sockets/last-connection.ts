// Whether anybody has connected to a unix socket, as its file tells: connect(2) touches the file's access time (unix(7),
// af_unix.c: unix_find_bsd), whoever connects and whatever program accepts. Most file systems are mounted relatime, and say no more
// than the first time after the file's last change (mount(8)); so each look changes it.

import { chmodSync, closeSync, fstatSync, unlinkSync, utimesSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { entry, makeDirectory, type Owner } from '../../linux/paths.ts';
import { native, O_PATH, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from '../../native/index.ts';
import { draftName } from './socket-identity.ts';

/** Socket files that have been looked at, by device and inode, and whether their file system tells. */
const known = new Map<string, boolean>();
/** Each app has one at a time; more than this are of sockets that are gone. */
const mostKnown = 4096;

/**
 * Whether anybody has connected since the last call about this socket; false at the first one. null: its file system tells
 * nobody (noatime, overlayfs). `node` is the socket's file (O_PATH), `owner` the app, which may write beside it.
 */
export function wasConnected(node: number, path: string, owner: Owner): boolean | null {
  const { dev, ino, atimeMs, ctimeMs, mode } = fstatSync(node);
  const id = `${dev}:${ino}`;
  const isFirst = !known.has(id);
  if (isFirst) {
    if (known.size >= mostKnown) known.clear();
    known.set(id, tells(path, owner));
  }
  if (known.get(id) === false) return null;
  const wasTouched = atimeMs > ctimeMs;
  // A change of the file, though to what it was: the next connection is told again.
  if (isFirst || wasTouched) chmodSync(`/proc/self/fd/${node}`, mode & 0o7777);
  return !isFirst && wasTouched;
}

/** Tries it with a socket beside the one that counts. */
function tells(path: string, owner: Owner): boolean {
  const directory = makeDirectory(dirname(path), owner, 0o755);
  try {
    const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
    const name = draftName(path);
    const at = entry(directory, name);
    const listener = native.listenUnix(at, own.uid, own.gid, 0o600, 1);
    try {
      const node = native.openAt(directory, basename(at), O_PATH, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
      try {
        const stats = fstatSync(node);
        if (!stats.isSocket() || stats.uid !== own.uid || stats.nlink !== 1) return false;
        utimesSync(`/proc/self/fd/${node}`, new Date(0), new Date());
        native.answers(`/proc/self/fd/${node}`);
        return fstatSync(node).atimeMs > 0;
      } finally {
        closeSync(node);
      }
    } finally {
      closeSync(listener);
      unlinkSync(at);
    }
  } catch {
    return false;
  } finally {
    closeSync(directory);
  }
}
