// Gives back what a start, or the reading of the files, has left of root's memory: garbage, code that is not needed again, room in malloc's.

import { native } from '../../native/index.ts';
import { garbageCollector } from '../../native/memory.ts';

/** V8 collects twice or more in each turn, and drops the code that has not run for six collections (--bytecode-old-age): that of the start. */
const turns = 3;
/** Milliseconds from one turn to the next, for what hostd has to do meanwhile. */
const pause = 100;

/** In three turns of some 20 to 40 ms. Does nothing in a Node that was not started with --expose-gc. */
export function giveMemoryBack(turn = 1): void {
  const collect = garbageCollector();
  if (collect === null) return;
  collect();
  native.trim();
  if (turn < turns) setTimeout(giveMemoryBack, pause, turn + 1).unref();
}
