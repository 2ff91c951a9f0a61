// Signals to what hostd dev has started.

/** Signals a process or a group. One that has ended needs no signal. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH; or EPERM, where the pid has become another user's
  }
}
