// Sends an answer past node:net's stream, whose bookkeeping costs more than the rest of it. What the kernel does not take at once is
// left to the stream.

import type { Socket } from 'node:net';
import { loadBareSockets, longestText } from '../../native/bare-sockets.ts';

const native = loadBareSockets();

/**
 * Bytes of `text` (latin-1) and `bytes` together that have been sent: 0 where something else waits to be. Not for a socket that
 * speaks TLS: they would go out as they are.
 */
export function sendNow(socket: Socket, text: string, bytes: Buffer | null): number {
  if (native === null || text.length > longestText || socket.writableLength > 0 || !socket.writable) return 0;
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  if (handle?.fd === undefined || handle.fd < 0) return 0;
  // An error is found again by the stream, which deals with it.
  return Math.max(0, native.send(handle.fd, text, bytes));
}
