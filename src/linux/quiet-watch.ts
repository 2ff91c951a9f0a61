// Told by the kernel when a file changes, but not for each change: after one, the watch rests, so that a busy file costs
// one wake-up per rest, all busy files together no more, and a quiet one none at all.

import { type FSWatcher, watch } from 'node:fs';

export interface QuietWatch {
  close(): void;
}

/**
 * Calls `look` at the first change, and then at the end of each rest for as long as `look` says that it has found
 * something new. Rests end at multiples of `rest` (milliseconds), hence at one time for all files. `fd` is an open file
 * or directory, and stays open until `close`.
 */
export function watchQuietly(fd: number, rest: number, look: () => boolean): QuietWatch {
  const path = `/proc/self/fd/${fd}`;
  let watcher: FSWatcher | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const arm = () => {
    watcher = watch(path, changed);
    // It has been removed, or there is no watch left: the file is looked at all the same.
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
    // What came between the look and the watch.
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
