// TLS: connections that come in encrypted are served once their handshake is done, and are counted from their beginning.

import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { bearerOf, guard } from '../guard.ts';
import type { Limits } from '../limits.ts';
import { type Certificates, minVersion } from './certificates.ts';
import type { Connections } from './server.ts';

/** A server that speaks TLS on connections that come in by `localPort`; it does not listen yet. */
export function makeSecureServer(
  connections: Connections,
  localPort: number,
  { contextFor, fallback }: Certificates,
  { handshakeMs }: Limits,
): Server {
  const tls = createTlsServer({
    // Without a default certificate here, a name without a certificate ends in a handshake failure.
    ...(fallback == null ? {} : { cert: fallback.certificate, key: fallback.key }),
    SNICallback: (name, done) => done(null, contextFor(name) ?? undefined),
    ALPNProtocols: ['http/1.1'],
    minVersion,
    handshakeTimeout: handshakeMs,
  });
  const shaking = new Map<string, Socket>();
  const secured = (socket: TLSSocket): void => {
    // As on plain connections: a client that has closed its half may still read. During the handshake it has gone.
    socket.allowHalfOpen = true;
    connections.secured(socket, shaking.get(nameOf(socket)) ?? socket);
    connections.serveOn(socket, localPort);
  };
  tls.on('secureConnection', socket => guard(bearerOf(socket), () => secured(socket)));
  // A failed handshake is the client's affair: scanners, old browsers, names of no site.
  tls.on('tlsClientError', (_error, socket) => socket.destroy());
  const shake = (socket: Socket): void => {
    if (!connections.admitShaking(socket)) return;
    const name = nameOf(socket);
    shaking.set(name, socket);
    socket.once('close', () => shaking.delete(name));
    tls.emit('connection', socket);
  };
  return createServer({ noDelay: true, keepAlive: true }, socket =>
    guard(bearerOf(socket), () => shake(socket)),
  );
}

/** A text that no two open connections share. A TLS socket has it from the socket below it. */
function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
