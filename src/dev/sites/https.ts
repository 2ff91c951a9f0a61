// TLS in front of the proxy: a certificate by the name that a client asks for.

import type { Server } from 'node:net';
import { createServer, type SecureContext } from 'node:tls';
import { messageOf } from '../../errors.ts';
import { admitHostName } from '../../model/host-name.ts';
import type { Certificates } from './certificates.ts';

export interface SecureOptions {
  readonly certificates: Certificates;
  /** The configured host names of the site that `host` belongs to; null: it belongs to none. */
  readonly namesOf: (host: string) => readonly string[] | null;
  readonly report: (text: string) => void;
}

/** A server that speaks TLS and gives the rest to `http`. */
export function secure(http: Server, { certificates, namesOf, report }: SecureOptions): Server {
  const choose = (name: string, done: (error: Error | null, context?: SecureContext) => void): void => {
    const host = admitHostName(name) ?? 'localhost';
    certificates.contextFor(host, namesOf(host)).then(
      context => done(null, context),
      error => {
        report(messageOf(error));
        done(error instanceof Error ? error : new Error(String(error)));
      },
    );
  };
  // What comes without a name (an address was typed) gets the one of localhost, as soon as it is there.
  const server = createServer({ SNICallback: choose, ALPNProtocols: ['http/1.1'] }, socket => {
    http.emit('connection', socket);
  });
  void certificates.contextFor('localhost', []).catch(error => report(messageOf(error)));
  // A client that does not trust the authority says so by ending the handshake: that is its affair.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}
