// A client that speaks TLS, believes any certificate and says which one it was shown.

import { once } from 'node:events';
import tls from 'node:tls';
import { type Expected, type Reply, readReply } from './client.ts';

/** A connection whose handshake is done; rejects when it is refused. `name` is asked for by SNI; null: none is. */
export async function connectTls(
  port: number,
  name: string | null,
  options: tls.ConnectionOptions & { readonly allowHalfOpen?: boolean } = {},
): Promise<tls.TLSSocket> {
  const servername = name === null ? {} : { servername: name };
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...servername,
    ...options,
  });
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  return socket;
}

/** The first name of the certificate that is shown for this name; null: the handshake is refused. */
export async function shownFor(port: number, name: string | null): Promise<string | null> {
  try {
    const socket = await connectTls(port, name);
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return String(subject.CN);
  } catch {
    return null;
  }
}

/** Writes `text` (latin-1) and reads until what is expected has come. */
export async function exchangeTls(
  port: number,
  name: string | null,
  text: string,
  expected: Expected = {},
): Promise<Reply> {
  return await readReply(await connectTls(port, name), text, expected);
}
