// Signals to what hostd dev has started.

/** A process or group that has ended is as good as signalled. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH, or EPERM for what has become another user's
  }
}
