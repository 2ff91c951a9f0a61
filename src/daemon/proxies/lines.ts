// Lines of text from a pipe whose other end is not trusted: bounded, and closed at the first one that is not understood.

import { Socket } from 'node:net';

/**
 * Calls back for each line until the pipe ends. `accept` returns false for a line that it does not understand. `ended` is
 * told when no more will come.
 */
export function readLines(
  fd: number,
  limit: number,
  accept: (line: string) => boolean,
  ended: () => void = () => {},
): void {
  const pipe = new Socket({ fd, readable: true, writable: false });
  let text = '';
  pipe.setEncoding('latin1');
  pipe.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (line.length > limit || !accept(line)) {
        pipe.destroy();
        return;
      }
    }
    if (text.length > limit) pipe.destroy();
  });
  pipe.on('error', () => pipe.destroy());
  pipe.on('close', ended);
  pipe.unref();
}
