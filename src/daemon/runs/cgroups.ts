// A cgroup v2 directory for each run, so that nothing that a program has started can get away (cgroups(7)).
// Where there is no cgroup2 that hostd may write to, there are none, and run.ts falls back on process groups.

import {
  closeSync,
  constants,
  type FSWatcher,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  watch,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';

export interface Cgroups {
  /** Makes the cgroup of a run and returns its path. */
  make(name: string): string;
  /** Removes the directory that the runs' cgroups were in, if none is left. */
  close(): void;
}

/** Milliseconds between two looks where the kernel cannot be asked to tell. */
const lookAgain = 20;

/** Where hostd's cgroups go, or null when it can have none. `id` keeps two hostds on one machine apart. */
export function findCgroups(id: string): Cgroups | null {
  const own = ownCgroup(readFileSync('/proc/self/cgroup', 'utf8'));
  const parent = own === null ? null : cgroupPath(readFileSync('/proc/self/mountinfo', 'utf8'), own);
  if (parent === null) return null;
  const base = join(parent, `hostd-${id}`);
  try {
    mkdirSync(base, { recursive: true });
    closeSync(openKill(base));
  } catch {
    removeCgroup(base);
    return null;
  }
  return {
    make(name) {
      const path = join(base, name);
      mkdirSync(path, { recursive: true });
      return path;
    },
    close: () => removeCgroup(base),
  };
}

/**
 * Where a cgroup of the unified hierarchy is to be found: below /sys/fs/cgroup, or /sys/fs/cgroup/unified on a hybrid
 * machine. null: no mount shows it, as when a container was given no cgroup2, or that of others only.
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

/** SIGKILL to every process in it, those that it is forking included. False: hostd lacks the descriptor to say it. */
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

/** Never makes the file: what is no cgroup of Linux 5.14 or later has none. */
function openKill(path: string): number {
  return openSync(join(path, 'cgroup.kill'), constants.O_WRONLY);
}

/** Kills what is in the cgroup and calls back once it is empty and removed. */
export function clearCgroup(path: string, callback: () => void): void {
  if (!killCgroup(path)) {
    setTimeout(() => clearCgroup(path, callback), lookAgain);
    return;
  }
  whenEmpty(path, () => {
    removeCgroup(path);
    callback();
  });
}

/** Calls back once the cgroup has no process any more: told by the kernel through cgroup.events, at once if so already. */
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
    // No descriptor or no inotify watch left: a cgroup that is being killed is empty soon.
    timer = setInterval(check, lookAgain);
  }
  // It may have emptied before the watch stood.
  check();
}

/** Anything but a shortage of descriptors or memory: then it is there, and merely cannot be looked at now. */
function isGone(error: unknown): boolean {
  return !['EMFILE', 'ENFILE', 'ENOMEM'].includes(errnoOf(error) ?? '');
}

/** Removes an empty cgroup and those below it. */
export function removeCgroup(path: string): void {
  try {
    for (const item of readdirSync(path, { withFileTypes: true }))
      if (item.isDirectory()) removeCgroup(join(path, item.name));
    rmdirSync(path);
  } catch {
    // Still in use, or gone: it costs nothing and is looked at again when its name is used again.
  }
}
