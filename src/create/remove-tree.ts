// Removes a directory tree as root without being led astray: never through a link, never into another file system. An app may change
// the tree meanwhile. Then the removal fails, and harms nothing.

import { closeSync, constants, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { entry, nameOf, openParent, openStrictly, openTop, strict } from '../linux/trusted.ts';
import { native } from '../native/index.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
/** Levels that are open at once. Deeper directories are first moved up, so that a deep tree does not use up the descriptors. */
const deepest = 64;

/**
 * Removes a directory and everything in it. `below` (a path of names) removes only that part of it.
 * Returns false when there was nothing.
 * @throws HostdError 'failed' at a mount point, which stays with everything in it
 */
export function removeTree(top: string, below: readonly string[] = []): boolean {
  const path = [top, ...below].join('/');
  let parent: number;
  try {
    parent = openBelow(top, below);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    const name = nameOf(path);
    if (lstatSync(entry(parent, name), { throwIfNoEntry: false }) === undefined) return false;
    if (lstatSync(entry(parent, name)).isDirectory()) emptyTop(parent, name, path);
    removeOne(parent, name);
    return true;
  } finally {
    closeSync(parent);
  }
}

/** The open directory that has the last name of top/below in it. */
function openBelow(top: string, below: readonly string[]): number {
  if (below.length === 0) return openParent(top);
  const fd = openTop(top);
  const middle = below.slice(0, -1).join('/');
  if (middle === '') return fd;
  try {
    return native.openAt(fd, middle, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, strict);
  } finally {
    closeSync(fd);
  }
}

/** The top of the tree that is removed: deep directories are moved there, under names of their own. */
interface Attic {
  readonly top: number;
  readonly names: string[];
}

let moved = 0;

function emptyTop(parent: number, name: string, path: string): void {
  const top = openStrictly(parent, name, path);
  try {
    const attic: Attic = { top, names: [] };
    removeEntries(attic, top, path, 1);
    for (let next = attic.names.pop(); next !== undefined; next = attic.names.pop())
      removeEntry(attic, top, next, `${path}/...`, 1);
  } finally {
    closeSync(top);
  }
}

function removeEntries(attic: Attic, fd: number, path: string, depth: number): void {
  for (const name of readdirSync(`/proc/self/fd/${fd}`)) {
    if (depth < deepest || !lstatSync(entry(fd, name)).isDirectory()) {
      removeEntry(attic, fd, name, `${path}/${name}`, depth);
      continue;
    }
    const aside = `.hostd-removing-${process.pid}-${moved++}`;
    renameSync(entry(fd, name), entry(attic.top, aside));
    attic.names.push(aside);
  }
}

function removeEntry(attic: Attic, parent: number, name: string, path: string, depth: number): void {
  if (lstatSync(entry(parent, name)).isDirectory()) {
    const fd = openStrictly(parent, name, path);
    try {
      removeEntries(attic, fd, path, depth + 1);
    } finally {
      closeSync(fd);
    }
  }
  removeOne(parent, name);
}

/** Removes an empty directory, or anything else. Neither call follows a link. */
function removeOne(parent: number, name: string): void {
  const at = entry(parent, name);
  if (lstatSync(at).isDirectory()) rmdirSync(at);
  else unlinkSync(at);
}
