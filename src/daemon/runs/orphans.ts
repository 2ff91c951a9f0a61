// For a hostd that is PID 1 of a container, or that took the place of a script or of a former version. A process whose parent has died,
// or that the script or the former version has left, is hostd's child, and stays a zombie until hostd reaps it. Knows nothing of
// programs: hostd's own children are reaped where they were started.

import { endedChildren, type ProcessId } from '../../linux/procfs.ts';
import { type Ended, native } from '../../native/index.ts';

/** Milliseconds from a child's end to the first look at the zombies, and between two looks. */
const pause = 200;
/** A look goes through all processes, and an app may have thousands. Looks take at most this fraction (1/n) of hostd's time. */
const restFactor = 10;

/** Reaps orphans for as long as hostd lives, and `tell`s of each. */
export function reapOrphans(tell: (pid: number, ended: Ended | null) => void = () => {}): void {
  let before: readonly ProcessId[] = [];
  let _timer: NodeJS.Timeout | undefined;
  let wait = pause;
  const look = () => {
    _timer = undefined;
    const begun = performance.now();
    const ended = native.endedChild() === 0 ? [] : endedChildren();
    const nobodys = unclaimed(before, ended);
    for (const { pid } of nobodys) tell(pid, native.reap(pid));
    const reaped = new Set(nobodys);
    before = ended.filter(id => !reaped.has(id));
    wait = Math.max(pause, (performance.now() - begun) * restFactor);
    if (before.length > 0) lookSoon();
  };
  const lookSoon = () => {
    _timer ??= setTimeout(look, wait);
  };
  process.on('SIGCHLD', lookSoon);
  // Some orphans may have ended before this hostd began (upgrade.ts).
  lookSoon();
}

/**
 * The zombies that were there at the look before. hostd's own children are never among them: their end is an event, and the event
 * loop has turned between two looks, so they have been reaped.
 */
export function unclaimed(before: readonly ProcessId[], now: readonly ProcessId[]): ProcessId[] {
  const starts = new Map(before.map(old => [old.pid, old.starttime]));
  return now.filter(id => starts.get(id.pid) === id.starttime);
}
