// Told by the kernel when something changes in one of several directories, at a rate that nobody who may write there can raise. A
// directory in which things go on changing is looked at less and less often; the others are not.

import { type FSWatcher, watch } from 'node:fs';

export interface Rates {
  /** Milliseconds from the first change until the look: a tool writes the chain, then the key. */
  readonly settling: number;
  /** Milliseconds between two looks because of one directory, doubled with each until there was none for as long as `calm`. */
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
  /** From now on these directories, and no others. */
  watch(directories: ReadonlySet<string>): void;
}

interface Watched {
  readonly path: string;
  watcher: FSWatcher | null;
  timer: NodeJS.Timeout | undefined;
  pause: number;
  lookedAt: number;
}

/** `look` resolves with whether it has found anything new; there is one at a time, for all directories that have changed. */
export function makeDirectoryWatch(look: () => Promise<boolean>, rates: Rates = usual): DirectoryWatch {
  const all = new Map<string, Watched>();
  const due = new Set<Watched>();
  let looking = false;

  const arm = (one: Watched) => {
    try {
      one.watcher = watch(one.path, { persistent: false }, () => changed(one));
      one.watcher.on('error', () => disarm(one));
    } catch {
      // It is not there. The next configuration asks again.
    }
  };
  const disarm = (one: Watched) => {
    one.watcher?.close();
    one.watcher = null;
  };
  /** The first change is all that is heard until the look: an app must not be able to keep hostd listening. */
  const changed = (one: Watched) => {
    if (one.watcher === null) return;
    disarm(one);
    const wait = Math.max(rates.settling, one.lookedAt + one.pause - performance.now());
    one.timer = setTimeout(() => {
      one.timer = undefined;
      // Before the look, so that what comes during it is heard.
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
        // One that waits for its look stays as it is; any other may be another directory of that name by now.
        if (one.timer !== undefined) continue;
        disarm(one);
        arm(one);
      }
    },
  };
}
