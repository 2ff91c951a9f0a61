// How many pieces of files are read at once. With a thousand downloads under way, a small request still gets its turn soon:
// one pass of the event loop hands only a few pieces to the kernel.

const atOnce = 2;
let running = 0;
const waiting: (() => void)[] = [];

/** Calls `go` as soon as there is room, in the order of asking. Each `go` calls endTurn() once in the end, and throws nothing. */
export function takeTurn(go: () => void): void {
  if (running < atOnce) {
    running++;
    go();
  } else {
    waiting.push(go);
  }
}

export function endTurn(): void {
  const next = waiting.shift();
  if (next === undefined) running--;
  else setImmediate(next);
}
