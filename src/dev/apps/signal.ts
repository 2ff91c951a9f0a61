// Signals to what hostd dev has started.

import { numberOfSignal, type SignalName } from '../../linux/signals.ts';

/** Signals a process or a group. One that has ended needs no signal. */
export function signal(pid: number, name: SignalName): void {
  try {
    process.kill(pid, numberOfSignal(name));
  } catch {
    // ESRCH; or EPERM, where the pid has become another user's
  }
}
