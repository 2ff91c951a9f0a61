// Gives an app the logs that root has written in the app's own directory, as Supervisor and nginx do. The app's rights are enough to
// append to such a log, but not to rotate it.

import { closeSync, constants, fchownSync, fstatSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { openDirectory } from '../linux/paths.ts';
import type { Host } from '../model/host.ts';
import { native, O_PATH, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from '../native/index.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;

/** The logs of `group`'s programs that root owned, and that their user now owns. A log that cannot be given stays as it is. */
export function giveLogs({ programs, sites }: Host, group: string): readonly string[] {
  const given: string[] = [];
  for (const program of programs) {
    if (program.group !== group || program.user === null) continue;
    const id = /^\d+$/.test(program.user) ? Number(program.user) : program.user;
    const user = native.user(id);
    const unixGroup = program.unixGroup === null ? null : native.group(program.unixGroup);
    const site = sites.find(({ name }) => name === program.app);
    const paths = [program.stdout.path, program.stderr?.path, site?.accessLog, site?.errorLog];
    for (const path of paths)
      if (path != null && user !== null && give(path, user.uid, unixGroup?.gid ?? user.gid)) given.push(path);
  }
  return [...new Set(given)];
}

/** Gives only a regular file of root's with one name, in a directory of the user's own, through no link. */
function give(path: string, uid: number, gid: number): boolean {
  if (uid === 0) return false;
  const opened: number[] = [];
  try {
    const directory = openDirectory(dirname(path));
    opened.push(directory);
    if (fstatSync(directory).uid !== uid) return false;
    const flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    const resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    // First by reference, since opening a device has effects.
    const reference = native.openAt(directory, basename(path), O_PATH | O_NOFOLLOW, 0, resolve);
    opened.push(reference);
    const looked = fstatSync(reference);
    if (!looked.isFile() || looked.nlink !== 1 || looked.uid !== 0) return false;
    const file = native.openAt(directory, basename(path), O_RDONLY | flags, 0, resolve);
    opened.push(file);
    const { ino, dev, nlink } = fstatSync(file);
    if (ino !== looked.ino || dev !== looked.dev || nlink !== 1) return false;
    fchownSync(file, uid, gid);
    return true;
  } catch {
    return false;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}
