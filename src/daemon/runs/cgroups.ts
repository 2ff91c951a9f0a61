// A cgroup v2 directory for each run, so that no process of a program gets away (cgroups(7)).
// Where hostd can write to no cgroup2, there are none, and run.ts falls back on process groups.

import {
  closeSync,
  constants,
  type FSWatcher,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  watch,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../errors.ts';

/** Ends the name of an app's cgroup, which those of its runs are in. A run's name ends with a number. */
export const appEnding = '.app';

/** Milliseconds between two looks where the kernel has no watch left to tell. */
const lookAgain = 20;

/**
 * The path of a cgroup of the unified hierarchy: below /sys/fs/cgroup, or /sys/fs/cgroup/unified on a hybrid machine. null: no mount
 * shows it, as in a container without cgroup2, or with the cgroup2 of others only.
 */
export function cgroupPath(mountinfo: string, cgroup: string): string | null {
  for (const line of mountinfo.split('\n')) {
    const [fields, rest] = line.split(' - ');
    // mount ID, parent ID, device, root within the file system, mount point, ... (proc_pid_mountinfo(5))
    const [, , , root, mount] = fields?.split(' ') ?? [];
    if (!rest?.startsWith('cgroup2 ') || root === undefined || mount === undefined) continue;
    const below = root === '/' ? cgroup : cgroup === root ? '/' : cgroup.slice(root.length);
    if (root !== '/' && cgroup !== root && !cgroup.startsWith(`${root}/`)) continue;
    if (below.split('/').includes('..')) continue;
    return join(unescapeMount(mount), below);
  }
  return null;
}

/** The kernel writes space, tab, newline and backslash as \ooo. */
function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** This process's own cgroup: the line "0::/path". */
export function ownCgroup(text: string): string | null {
  const line = text.split('\n').find(l => l.startsWith('0::'));
  return line === undefined ? null : line.slice(3);
}

/** Sends SIGKILL to every process in the cgroup, those that are being forked included. false: hostd lacks a descriptor for it. */
export function killCgroup(path: string): boolean {
  try {
    const fd = openKill(path);
    try {
      writeSync(fd, '1');
    } finally {
      closeSync(fd);
    }
    return true;
  } catch (error) {
    return isGone(error);
  }
}

/** Never makes the file: a cgroup of Linux before 5.14 has none. */
export function openKill(path: string): number {
  return openSync(join(path, 'cgroup.kill'), constants.O_WRONLY);
}

/** Kills everything in the cgroup. Calls back once it is empty and removed. */
export function clearCgroup(path: string, callback: () => void): void {
  // Mostly nothing is left, and rmdir(2) knows best: it refuses (EBUSY) where a process or a cgroup is.
  if (isRemoved(path)) {
    callback();
    return;
  }
  if (!killCgroup(path)) {
    setTimeout(() => clearCgroup(path, callback), lookAgain);
    return;
  }
  whenEmpty(path, () => {
    removeCgroup(path);
    callback();
  });
}

/** Calls back once the cgroup has no process: at once, or when the kernel tells by cgroup.events. */
export function whenEmpty(path: string, callback: () => void): void {
  const empty = () => {
    try {
      return readFileSync(join(path, 'cgroup.events'), 'utf8').includes('populated 0');
    } catch (error) {
      return isGone(error);
    }
  };
  if (empty()) {
    callback();
    return;
  }
  let done = false;
  let watcher: FSWatcher | null = null;
  let timer: NodeJS.Timeout | undefined;
  const check = () => {
    if (done || !empty()) return;
    done = true;
    watcher?.close();
    clearInterval(timer);
    callback();
  };
  try {
    watcher = watch(join(path, 'cgroup.events'), check);
    watcher.on('error', check);
  } catch {
    // No descriptor or inotify watch is left. A cgroup that is being killed is soon empty.
    timer = setInterval(check, lookAgain);
  }
  // The cgroup may have emptied before the watch stood.
  check();
}

/** Whether the cgroup is gone. A shortage of descriptors or memory only means that it cannot be looked at now. */
function isGone(error: unknown): boolean {
  return !['EMFILE', 'ENFILE', 'ENOMEM'].includes(errnoOf(error) ?? '');
}

/** Removes an empty cgroup, and those below it. */
export function removeCgroup(path: string): void {
  try {
    for (const item of readdirSync(path, { withFileTypes: true }))
      if (item.isDirectory()) removeCgroup(join(path, item.name));
    removeDirectory(path);
  } catch {
    // Still in use, or gone. A leftover costs nothing, and is removed when its name is used again.
  }
}

function isRemoved(path: string): boolean {
  try {
    removeDirectory(path);
    return true;
  } catch {
    return false;
  }
}

/** @throws the errors of rmdir(2) */
function removeDirectory(path: string): void {
  rmdirSync(path);
  const above = dirname(path);
  if (!above.endsWith(appEnding)) return;
  try {
    rmdirSync(above);
  } catch {
    // An app's goes with the last of its runs.
  }
}
