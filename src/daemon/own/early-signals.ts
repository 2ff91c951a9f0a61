// Signals that come before their handlers are there. Each is remembered once, and sent to the handlers later.

const kept = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

const asked = new Set<NodeJS.Signals>();
const note = (signal: NodeJS.Signals): void => void asked.add(signal);

export function keepEarlySignals(): void {
  for (const signal of kept) process.on(signal, note);
}

/** Called once all other handlers are there. They get what has come so far, and from now on every signal. */
export function passEarlySignals(): void {
  for (const signal of kept) process.off(signal, note);
  for (const signal of asked) process.emit(signal, signal);
  asked.clear();
}
