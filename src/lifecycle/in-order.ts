// Handles events one after another. An event that is sent while another is handled waits until that is done. Pure but for
// the queue itself.

/** Calls `handle` with each value that is sent, in order, never from within itself. */
export function inOrder<T>(handle: (value: T) => void): (value: T) => void {
  const waiting: T[] = [];
  let isBusy = false;
  return value => {
    waiting.push(value);
    if (isBusy) return;
    isBusy = true;
    try {
      while (waiting.length > 0) handle(waiting.shift() as T);
    } finally {
      isBusy = false;
    }
  };
}
