// TLS in front of the proxy, with a certificate for the name that a client sends.

import type { Server } from 'node:net';
import { createServer, type SecureContext } from 'node:tls';
import { messageOf } from '../../errors.ts';
import { admitHostName } from '../../model/host-name.ts';
import type { Certificates } from './certificates.ts';

export interface SecureOptions {
  readonly certificates: Certificates;
  /** The configured host names of the site that `host` belongs to; null: no site has it. */
  readonly namesOf: (host: string) => readonly string[] | null;
  readonly report: (text: string) => void;
}

/** A server that speaks TLS, and hands what is in it to `http`. */
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
  // A client without a name (an address was typed) gets localhost's certificate, as soon as it is there.
  const server = createServer({ SNICallback: choose, ALPNProtocols: ['http/1.1'] }, socket => {
    http.emit('connection', socket);
  });
  void certificates.contextFor('localhost', []).catch(error => report(messageOf(error)));
  // A client that does not trust the authority ends the handshake. That is the client's affair.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}
