// Gives memory back. Reading a configuration leaves garbage that V8 would keep until something else happens: for ever, in an idle hostd.

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** Collects all garbage at once, in some 20 ms. bin/hostd starts the daemon with --expose-gc. */
export function giveMemoryBack(): void {
  const { gc } = globalThis as { gc?: Collect };
  gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
