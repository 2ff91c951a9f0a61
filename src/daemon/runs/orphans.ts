// For a hostd that is PID 1 of a container: processes whose parent has died become its children, and stay as zombies
// until it reaps them. Knows nothing of programs: hostd's own children are reaped by those who started them.

import { endedChildren, type ProcessId } from '../../linux/procfs.ts';
import { native } from '../../native/index.ts';

/** Milliseconds from a child's end to the look at what is left, and between two looks. */
const pause = 200;
/** A look goes through all processes, of which an app may have thousands: it takes at most one part in so many of hostd's time. */
const restFactor = 10;

/** Reaps orphans for as long as hostd lives. */
export function reapOrphans(): void {
  let before: readonly ProcessId[] = [];
  let _timer: NodeJS.Timeout | undefined;
  let wait = pause;
  const look = () => {
    _timer = undefined;
    const begun = performance.now();
    const ended = native.endedChild() === 0 ? [] : endedChildren();
    const nobodys = unclaimed(before, ended);
    for (const { pid } of nobodys) native.reap(pid);
    const reaped = new Set(nobodys);
    before = ended.filter(id => !reaped.has(id));
    wait = Math.max(pause, (performance.now() - begun) * restFactor);
    if (before.length > 0) lookSoon();
  };
  const lookSoon = () => {
    _timer ??= setTimeout(look, wait);
  };
  process.on('SIGCHLD', lookSoon);
  // Some may have ended before this hostd began (upgrade.ts).
  lookSoon();
}

/**
 * Those that were there at the look before. hostd's own children are not among them: their end is an event, and between two
 * looks the event loop has turned, so whoever waits for one has reaped it.
 */
export function unclaimed(before: readonly ProcessId[], now: readonly ProcessId[]): ProcessId[] {
  const starts = new Map(before.map(old => [old.pid, old.starttime]));
  return now.filter(id => starts.get(id.pid) === id.starttime);
}
