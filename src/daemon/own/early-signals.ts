// Signals that come before those who answer them are there. Each is remembered once, and given to them when they are.

const kept = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

const asked = new Set<NodeJS.Signals>();
const note = (signal: NodeJS.Signals): void => void asked.add(signal);

export function keepEarlySignals(): void {
  for (const signal of kept) process.on(signal, note);
}

/** Once every other handler is there: they get what has come so far, and from now on whatever comes. */
export function passEarlySignals(): void {
  for (const signal of kept) process.off(signal, note);
  for (const signal of asked) process.emit(signal, signal);
  asked.clear();
}
