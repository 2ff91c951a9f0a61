// What a server block says of how requests come in: addresses, TLS, trusted proxies, pages for errors. Part of server.ts.

import { isToHttps } from './redirect-read.ts';
import type { Directive } from './syntax.ts';

export interface Edge {
  certificate: string | null;
  certificateKey: string | null;
  /** Whether it is reached without TLS, and with it. */
  plain: boolean;
  secure: boolean;
  redirectHttps: boolean;
  errorPages: string | null;
}

export const emptyEdge: Readonly<Edge> = {
  certificate: null,
  certificateKey: null,
  plain: false,
  secure: false,
  redirectHttps: false,
  errorPages: null,
};

/** Called with what hostd cannot express. */
export type Odd = (what: Directive, why: string) => void;

/** false: the directive is about something else. */
export function readEdge(directive: Directive, found: Edge, odd: Odd): boolean {
  const { name, args } = directive;
  const [first = ''] = args;
  switch (name) {
    case 'listen':
      readListen(directive, found, odd);
      return true;
    case 'ssl_certificate':
      if (first.startsWith('/')) found.certificate ??= first;
      else odd(directive, 'hostd wants an absolute path');
      return true;
    case 'ssl_certificate_key':
      if (first.startsWith('/')) found.certificateKey ??= first;
      else odd(directive, 'hostd wants an absolute path');
      return true;
    case 'ssl_protocols':
      if (!args.every(word => word === 'TLSv1.2' || word === 'TLSv1.3'))
        odd(directive, 'hostd speaks TLS 1.2 and 1.3');
      return true;
    case 'set_real_ip_from':
      odd(directive, `[proxy] trusted_proxies = [..., ${JSON.stringify(first)}]`);
      return true;
    case 'real_ip_header':
      if (first.toLowerCase() !== 'x-forwarded-for') odd(directive, 'hostd reads X-Forwarded-For');
      return true;
    case 'error_page':
      if (!ownPage.test(args.at(-1) ?? ''))
        odd(directive, 'error_pages = a directory of 404.html, 502.html, ...');
      return true;
    case 'if':
      if (isToHttps(directive)) found.redirectHttps = true;
      else odd(directive, 'not understood');
      return true;
    default:
      return ownWay.has(name);
  }
}

/** The locations that emit writes for error_pages. */
const ownPage = /^\/\.hostd-page-\d+$/;

/** Directives about TLS that hostd decides by itself. */
const ownWay = new Set([
  'ssl_session_cache',
  'ssl_session_timeout',
  'ssl_session_tickets',
  'ssl_prefer_server_ciphers',
  'ssl_dhparam',
]);

function readListen(directive: Directive, found: Edge, odd: Odd): void {
  const more = directive.args.slice(1);
  if (more.includes('ssl')) found.secure = true;
  else if (!more.includes('quic')) found.plain = true;
  const rest = more.filter(word => word !== 'ssl' && word !== 'default_server' && word !== 'ipv6only=on');
  if (more.includes('default_server')) odd(directive, '[proxy] default_site names the app that it is for');
  if (rest.some(word => word === 'http2' || word === 'quic')) odd(directive, 'hostd speaks HTTP/1.1');
  else if (rest.length > 0) odd(directive, 'hostd listens as [proxy] says');
}

/** false: the location is about something else. */
export function readEdgeLocation(location: Directive, path: string, found: Edge, odd: Odd): boolean {
  const root = location.block?.find(({ name }) => name === 'root')?.args[0];
  if (ownPage.test(path)) {
    if (root !== undefined) found.errorPages = `${root.replace(/\/$/, '')}/`;
    return true;
  }
  if (!/^\/\.well-known\/acme-challenge\/?$/.test(path)) return false;
  odd(location, `[proxy] acme_webroot = ${JSON.stringify(root ?? '...')}`);
  return true;
}
