// Which requests are redirected: to the site's first name, or to https. Pure.

import type { Client } from '../http/client-address.ts';
import { canonicalName, type NamedSite } from './router.ts';

export interface Redirect {
  readonly status: 301 | 308;
  readonly location: string;
}

export interface RedirectRequest {
  readonly site: NamedSite;
  /** As the router knows it, never as a client wrote it. */
  readonly hostName: string;
  readonly method: string;
  /** As the client wrote it. */
  readonly uri: string;
  readonly client: Client;
  /** The port where this host speaks TLS. */
  readonly tlsPort: number;
}

export function redirectOf(request: RedirectRequest): Redirect | null {
  const { site, hostName, method, uri, client, tlsPort } = request;
  const toHttps = site.redirectHttps && !client.secure;
  if (!site.isRedirected && !toHttps) return null;
  const name = site.isRedirected ? canonicalName(site) : hostName;
  const origin = toHttps
    ? originOf(true, name, client.port === null ? null : tlsPort)
    : originOf(client.secure, name, client.port);
  // With a method other than these the request has a body, or means something: a client may turn it into a GET after a 301.
  const status = site.isRedirected || method === 'GET' || method === 'HEAD' ? 301 : 308;
  return { status, location: origin + withoutOddBytes(uri) };
}

/** "https://name", with the port where it is not the usual one. */
export function originOf(secure: boolean, name: string, port: number | null): string {
  const shown = port === null || port === (secure ? 443 : 80) ? '' : `:${port}`;
  return `http${secure ? 's' : ''}://${name}${shown}`;
}

/** The parser lets no control character through in a target or a field. This code does not rely on it. */
function withoutOddBytes(uri: string): string {
  return uri.replace(/[^!-~]/g, character => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
