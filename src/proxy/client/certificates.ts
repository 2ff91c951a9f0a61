// Which certificate a client is shown for the name that it sends. Knows nothing of connections.

import { createSecureContext, type SecureContext } from 'node:tls';
import { messageOf } from '../../errors.ts';
import { admitHostName } from '../../model/host-name.ts';
import type { RoutedSite, Routes } from '../../protocol/worker.ts';
import type { ErrorLog } from '../log/error-log.ts';
import { makeRouter } from '../request/router.ts';

export interface Certificates {
  /** null: no site with a certificate has this name. */
  contextFor(serverName: string): SecureContext | null;
  /** For other names, and for clients that send none; null: such a handshake is refused. */
  readonly fallback: RoutedSite['pem'];
}

export const minVersion = 'TLSv1.2';

/** A site without a certificate is served by another site's wildcard that covers its name. A bad certificate is its own site's loss alone. */
export function makeCertificates({ sites, defaultSite }: Routes, errorLog: ErrorLog): Certificates {
  const contexts = new Map<string, SecureContext>();
  for (const { name, pem } of sites) {
    if (pem == null) continue;
    try {
      contexts.set(name, createSecureContext({ cert: pem.certificate, key: pem.key, minVersion }));
    } catch (error) {
      errorLog({ level: 'error', site: name, cause: `cannot use the certificate: ${messageOf(error)}` });
    }
  }
  const usable = sites.filter(({ name }) => contexts.has(name));
  const route = makeRouter(usable);
  return {
    contextFor: serverName => {
      const name = admitHostName(serverName);
      return contexts.get((name === null ? null : route(name))?.name ?? '') ?? null;
    },
    fallback: usable.find(({ name }) => name === defaultSite)?.pem ?? null,
  };
}
