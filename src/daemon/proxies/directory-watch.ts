// Tells when something changes in one of several directories (inotify), at a rate that a user with write access cannot raise. A
// directory that goes on changing is looked at less and less often. The others are not affected.

import { type FSWatcher, watch } from 'node:fs';

export interface Rates {
  /** Milliseconds from the first change to the look: a tool writes the chain, then the key. */
  readonly settling: number;
  /** Milliseconds between two looks because of one directory. Doubled each time, until nothing has changed there for `calm`. */
  readonly firstPause: number;
  /** The longest such pause, after a look that found nothing new, and after one that did. */
  readonly longestInVain: number;
  readonly longest: number;
  readonly calm: number;
}

const usual: Rates = {
  settling: 1000,
  firstPause: 5000,
  longestInVain: 60_000,
  longest: 600_000,
  calm: 3_600_000,
};

export interface DirectoryWatch {
  /** Watches these directories from now on, and no others. */
  watch(directories: ReadonlySet<string>): void;
}

interface Watched {
  readonly path: string;
  watcher: FSWatcher | null;
  timer: NodeJS.Timeout | undefined;
  pause: number;
  lookedAt: number;
}

/** `look` resolves with whether it has found anything new. One look at a time, for all directories that have changed. */
export function makeDirectoryWatch(look: () => Promise<boolean>, rates: Rates = usual): DirectoryWatch {
  const all = new Map<string, Watched>();
  const due = new Set<Watched>();
  let looking = false;

  const arm = (one: Watched) => {
    try {
      one.watcher = watch(one.path, { persistent: false }, () => changed(one));
      one.watcher.on('error', () => disarm(one));
    } catch {
      // The directory is not there. The next configuration tries again.
    }
  };
  const disarm = (one: Watched) => {
    one.watcher?.close();
    one.watcher = null;
  };
  /** Only the first change before a look is heard: an app must not be able to keep hostd busy. */
  const changed = (one: Watched) => {
    if (one.watcher === null) return;
    disarm(one);
    const wait = Math.max(rates.settling, one.lookedAt + one.pause - performance.now());
    one.timer = setTimeout(() => {
      one.timer = undefined;
      // Armed before the look, so that a change during the look is heard.
      arm(one);
      due.add(one);
      if (!looking) void lookForAll();
    }, wait);
  };
  const lookForAll = async () => {
    looking = true;
    while (due.size > 0) {
      const batch = [...due];
      due.clear();
      const found = await look().catch(() => false);
      const now = performance.now();
      for (const one of batch) {
        const most = found ? rates.longest : rates.longestInVain;
        one.pause = now - one.lookedAt > rates.calm ? rates.firstPause : Math.min(one.pause * 2, most);
        one.lookedAt = now;
      }
    }
    looking = false;
  };
  return {
    watch(directories) {
      for (const [path, one] of all) {
        if (directories.has(path)) continue;
        disarm(one);
        clearTimeout(one.timer);
        all.delete(path);
      }
      for (const path of directories) {
        const one = all.get(path) ?? {
          path,
          watcher: null,
          timer: undefined,
          pause: rates.firstPause,
          lookedAt: Number.NEGATIVE_INFINITY,
        };
        all.set(path, one);
        // A directory that waits for its look stays as it is. The path of any other may name another directory by now.
        if (one.timer !== undefined) continue;
        disarm(one);
        arm(one);
      }
    },
  };
}
