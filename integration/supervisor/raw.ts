// Bytes to a socket and back, as they are.

import { connect } from 'node:net';

export interface Heard {
  readonly text: string;
  /** Whether the other end has closed, or would have gone on. */
  readonly closed: boolean;
}

/** Milliseconds in which an answer without a length has come. */
const patience = 400;

const saysEnd = /^Connection: close\r$/im;

/** Sends to a unix socket, or to a port of 127.0.0.1, and hears until an answer of a known length is there, the end comes, or nothing more does. Bytes are latin-1. */
export function sendRaw(to: string | number, bytes: Buffer): Promise<Heard> {
  return new Promise((resolve, reject) => {
    let text = '';
    const address = typeof to === 'string' ? { path: to } : { port: to, host: '127.0.0.1' };
    const socket = connect({ ...address, allowHalfOpen: true });
    const finish = (closed: boolean) => {
      clearTimeout(late);
      socket.destroy();
      resolve({ text, closed });
    };
    const late = setTimeout(() => finish(false), patience * 5);
    socket.on('error', error => (text === '' && socket.connecting ? reject(error) : finish(true)));
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', chunk => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = /Content-Length: (\d+)\r\n/.exec(text)?.[1];
      if (length === undefined) setTimeout(() => finish(false), patience).unref();
      // Whether it is closed then is part of the answer, and may come a moment later.
      else if (head >= 0 && text.length - head - 4 >= Number(length))
        setTimeout(() => finish(false), saysEnd.test(text) ? 60 : 15);
    });
    socket.on('end', () => finish(true));
  });
}

/** Whether a server accepts connections, and ends one that says nothing. hostd-rpc is started for it, which takes a while. */
export function isServed(path: string): Promise<boolean> {
  return new Promise(resolve => {
    let isConnected = false;
    const socket = connect(path);
    socket.on('error', () => {});
    socket.on('connect', () => {
      isConnected = true;
      socket.end();
    });
    socket.on('close', () => resolve(isConnected));
    socket.resume();
  });
}
