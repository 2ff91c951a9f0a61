// Tells when a file changes (inotify), but not of each change. After a change the watch rests: busy files together cost one wake-up
// for each rest, and a quiet file costs none.

import { type FSWatcher, watch } from 'node:fs';

export interface QuietWatch {
  close(): void;
}

/**
 * Calls `look` at the first change, and then at the end of each rest as long as `look` returns that it has found something
 * new. Rests end at multiples of `rest` (milliseconds), so all files share them. `fd` is an open file or directory. It stays open
 * until `close`.
 */
export function watchQuietly(fd: number, rest: number, look: () => boolean): QuietWatch {
  const path = `/proc/self/fd/${fd}`;
  let watcher: FSWatcher | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const arm = () => {
    watcher = watch(path, changed);
    // The directory was removed, or no watch is left. The file is looked at all the same.
    watcher.on('error', changed);
  };
  const disarm = () => {
    watcher?.close();
    watcher = null;
  };
  const changed = () => {
    if (closed || watcher === null) return;
    disarm();
    look();
    pause();
  };
  const pause = () => {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(rested, rest - (Date.now() % rest));
  };
  const rested = () => {
    if (look()) return pause();
    if (closed) return;
    try {
      arm();
    } catch {
      return pause();
    }
    // For changes between the look and the watch.
    if (look()) {
      disarm();
      pause();
    }
  };
  try {
    arm();
  } catch {
    pause();
  }
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      disarm();
    },
  };
}
