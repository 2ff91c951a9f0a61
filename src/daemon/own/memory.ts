// Gives memory back. Reading a configuration leaves garbage that V8 would keep until something else happens: for ever, in an idle hostd.

import { native } from '../../native/index.ts';

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** V8 collects twice or more in each turn, and drops the code that has not run for six collections (--bytecode-old-age): that of the start. */
const turns = 3;
/** Milliseconds from one turn to the next, for what hostd has to do meanwhile. */
const pause = 100;

/** Collects all garbage, in three turns of some 20 to 40 ms. bin/hostd starts the daemon with --expose-gc. */
export function giveMemoryBack(turn = 1): void {
  const { gc } = globalThis as { gc?: Collect };
  if (gc === undefined) return;
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  native.trim();
  if (turn < turns) setTimeout(giveMemoryBack, pause, turn + 1).unref();
}
