// Reading a configuration leaves garbage behind that V8 would keep for as long as nothing else happens: for ever, in an idle hostd.

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** Gives it back at once, some 20 ms; bin/hostd starts the daemon with --expose-gc. */
export function giveMemoryBack(): void {
  const { gc } = globalThis as { gc?: Collect };
  gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
