// A cgroup v2 directory for each run, so that nothing that a program has started can get away (cgroups(7)).
// Where there is no cgroup2 that hostd may write to, there are none, and children.ts falls back on process groups.

import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export interface Cgroups {
  /** Makes the cgroup of a run and returns its path. */
  make(name: string): string;
}

/** Where hostd's cgroups go, or null when it can have none. `id` keeps two hostds on one machine apart. */
export function findCgroups(id: string): Cgroups | null {
  const mount = cgroup2Mount(readFileSync('/proc/self/mountinfo', 'utf8'));
  const own = ownCgroup(readFileSync('/proc/self/cgroup', 'utf8'));
  if (mount === null || own === null) return null;
  const base = join(mount, own, `hostd-${id}`);
  try {
    mkdirSync(base, { recursive: true });
    closeSync(openSync(join(base, 'cgroup.kill'), 'w'));
  } catch {
    return null;
  }
  return {
    make(name) {
      const path = join(base, name);
      mkdirSync(path, { recursive: true });
      return path;
    },
  };
}

/** The mount point of cgroup2: /sys/fs/cgroup, or /sys/fs/cgroup/unified on a hybrid machine. */
export function cgroup2Mount(mountinfo: string): string | null {
  for (const line of mountinfo.split('\n')) {
    const [fields, rest] = line.split(' - ');
    if (rest?.startsWith('cgroup2 ')) return fields?.split(' ')[4] ?? null;
  }
  return null;
}

/** This process's own cgroup: the line "0::/path". */
export function ownCgroup(text: string): string | null {
  const line = text.split('\n').find(l => l.startsWith('0::'));
  return line === undefined ? null : line.slice(3);
}

/** SIGKILL to every process in it, those that it is forking included. */
export function killCgroup(path: string): void {
  try {
    writeFileSync(join(path, 'cgroup.kill'), '1');
  } catch {
    // Gone, or Linux before 5.14: the caller's group kill has to do.
  }
}

export function cgroupMembers(path: string): number[] {
  try {
    return readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Calls back once the cgroup has no process any more: told by the kernel through cgroup.events, at once if so already. */
export function whenEmpty(path: string, callback: () => void): void {
  const empty = () => {
    try {
      return readFileSync(join(path, 'cgroup.events'), 'utf8').includes('populated 0');
    } catch {
      return true;
    }
  };
  if (empty()) {
    callback();
    return;
  }
  let done = false;
  const watcher = watch(join(path, 'cgroup.events'), () => check());
  const check = () => {
    if (done || !empty()) return;
    done = true;
    watcher.close();
    callback();
  };
  watcher.on('error', () => check());
  // It may have emptied before the watch stood.
  check();
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
