// Sends an answer past node:net's stream, whose bookkeeping costs more than the rest of it. Bytes that the kernel does not take at once
// are left to the stream.

import type { Socket } from 'node:net';
import { loadBareSockets, longestText } from '../../native/bare-sockets.ts';

const native = loadBareSockets();

/**
 * Sends `text` (latin-1) and `bytes`. Returns how many bytes of both have been sent: 0 where other bytes wait before them. Not for
 * a socket that speaks TLS: the bytes would go out unencrypted.
 */
export function sendNow(socket: Socket, text: string, bytes: Buffer | null): number {
  if (native === null || text.length > longestText || socket.writableLength > 0 || !socket.writable) return 0;
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  if (handle?.fd === undefined || handle.fd < 0) return 0;
  // On an error nothing was sent: the stream meets the same error, and deals with it.
  return Math.max(0, native.send(handle.fd, text, bytes));
}
