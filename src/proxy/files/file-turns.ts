// How many pieces of files are read at once: with a thousand downloads under way, a small request still gets its turn soon,
// since no pass of the event loop has more than a few pieces to hand to the kernel.

const atOnce = 2;
let running = 0;
const waiting: (() => void)[] = [];

/** Calls `go` as soon as there is room, in the order of asking; every `go` is followed by one endTurn(), and throws nothing. */
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
