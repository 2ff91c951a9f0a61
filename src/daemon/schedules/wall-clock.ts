// The clock on the wall, with one alarm: it rings at its time also where the machine has slept meanwhile, and when somebody sets
// the clock. Without a time to wait for it holds nothing.

import { closeSync } from 'node:fs';
import { native, type Watch } from '../../native/index.ts';

export interface WallClock {
  /** Unix time in milliseconds. */
  now(): number;
  /** Rings at this time (Unix, in milliseconds), at once if it has passed; null: never. */
  ringAt(at: number | null): void;
}

/** `ring` may be called early: when the clock has been set. */
export function makeWallClock(ring: () => void): WallClock {
  let timer: { readonly fd: number; watch: Watch } | null = null;
  const watch = (fd: number): Watch =>
    native.watch(fd, () => {
      native.clearWallTimer(fd);
      if (timer !== null) timer.watch = watch(fd);
      ring();
    });
  return {
    now: () => Date.now(),
    ringAt(at) {
      if (at === null && timer !== null) {
        native.unwatch(timer.watch);
        closeSync(timer.fd);
        timer = null;
      }
      if (at === null) return;
      if (timer === null) {
        const fd = native.wallTimer();
        timer = { fd, watch: watch(fd) };
      }
      native.setWallTimer(timer.fd, at);
    },
  };
}
