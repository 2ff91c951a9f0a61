// Lines of text from a pipe whose other end is not trusted: bounded in length and number. The pipe is closed at the first line
// that is not understood.

import { Socket } from 'node:net';

/** Lines in a second. A worker with two thousand sites needs two seconds to tell of all. Faster lines wait in the pipe. */
const mostInASecond = 1000;

/**
 * Calls back for each line until the pipe ends. `accept` returns false for a line that it does not understand. `ended` is called
 * when no more will come.
 */
export function readLines(
  fd: number,
  limit: number,
  accept: (line: string) => boolean,
  ended: () => void = () => {},
): void {
  const pipe = new Socket({ fd, readable: true, writable: false });
  let text = '';
  let left = mostInASecond;
  let isCounting = false;
  let isClosed = false;
  const take = () => {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0 && left > 0; end = text.indexOf('\n', start)) {
      const line = text.slice(start, end);
      start = end + 1;
      left -= 1;
      if (!isCounting) setTimeout(nextSecond, 1000).unref();
      isCounting = true;
      if (line.length > limit || !accept(line)) {
        hearNoMore();
        return;
      }
    }
    text = text.slice(start);
    if (left === 0) pipe.pause();
    else if (text.length > limit) hearNoMore();
  };
  const hearNoMore = () => {
    text = '';
    pipe.destroy();
  };
  const endIfAllIsHeard = () => {
    if (isClosed && !text.includes('\n')) ended();
  };
  const nextSecond = () => {
    isCounting = false;
    left = mostInASecond;
    // Bytes that came before the pipe's end are read after it, too.
    if (isClosed && !text.includes('\n')) return;
    take();
    endIfAllIsHeard();
    if (left > 0 && !isClosed) pipe.resume();
  };
  pipe.setEncoding('latin1');
  pipe.on('data', (chunk: string) => {
    text += chunk;
    take();
  });
  pipe.on('error', hearNoMore);
  pipe.on('close', () => {
    isClosed = true;
    endIfAllIsHeard();
  });
  pipe.unref();
}
