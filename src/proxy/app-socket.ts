// The socket to an app: connected to what was looked at, read into one shared buffer, and read to its end whatever becomes of
// what is written to it.

import { Socket } from 'node:net';
import { errnoOf } from '../errors.ts';
import { socketPath } from './app-path.ts';

/** Where an app listens: a unix socket's path, or, for servers of others in development, a TCP address. */
export type Address = string | { readonly host: string; readonly port: number };

/** Milliseconds to read what an app said before it closed, after a write to it has failed. */
const lastWordsMs = 1000;

/** Every socket reads into this one: what is in it has to be used up before the next read. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** An app may answer and close without reading its request to the end: a failed write must not lose that answer. */
class AppSocket extends Socket {
  override destroy(error?: Error): this {
    if (errnoOf(error) !== 'EPIPE') return super.destroy(error);
    setTimeout(() => super.destroy(error), lastWordsMs).unref();
    return this;
  }
}

/** Begins to connect. `read` gets a view of the shared buffer; false stops the reading. */
export function openAppSocket(address: Address, read: (bytes: Uint8Array) => boolean): Socket {
  const onread = { buffer: shared, callback: (size: number) => read(shared.subarray(0, size)) };
  const socket = new AppSocket({ onread, allowHalfOpen: true });
  return typeof address === 'string'
    ? socket.connect({ path: socketPath(address) })
    : socket.connect(address);
}
