// One server block to the draft of a site, or to a redirect: what it serves, which app it asks, and which of its directives hostd
// cannot express.

import { basename } from 'node:path';
import { hostName } from '../../config/toml/value-hosts.ts';
import { parseSize } from '../../words/sizes.ts';
import type { Remark, SiteDraft } from '../draft.ts';
import { accessWithin, isAboutAccess } from './access-read.ts';
import { emptyEdge, type Odd, readEdge } from './edge-read.ts';
import {
  type Around,
  type FoundLocations,
  leads,
  readLocations,
  readTimeout,
  readTypes,
} from './location-read.ts';
import { readProxied } from './pass-read.ts';
import { quoteNginx } from './quote.ts';
import { type Redirect, redirectIn } from './redirect-read.ts';
import { remarkOn, show } from './remark.ts';
import type { Directive } from './syntax.ts';

interface Found extends FoundLocations {
  serverNames: string[];
  clientMaxBodySize: number | null;
  accessLog: string | null;
  errorLog: string | null;
}

export interface ReadServer {
  readonly server: Directive;
  readonly name: string;
  readonly serverNames: readonly string[];
  /** nginx's name of what it hands requests to; null: none. */
  readonly upstream: string | null;
  /** null: it hands nothing to an app. */
  readonly site: SiteDraft | null;
  /** The redirect of a block that only redirects; null: it does not. */
  readonly redirect: Redirect | null;
  readonly plain: boolean;
  readonly remarks: readonly Remark[];
}

/** `outer`: what is in force around the server blocks. */
export function readServer(server: Directive, outer: Around): ReadServer {
  const found: Found = {
    serverNames: [],
    socket: null,
    address: null,
    addresses: [],
    upstream: null,
    upstreams: [],
    clientMaxBodySize: null,
    static: null,
    media: null,
    staticExpires: null,
    mediaExpires: null,
    proxyReadTimeout: null,
    hidden: new Set(),
    closed: null,
    isPart: false,
    accessLog: null,
    errorLog: null,
    ...emptyEdge,
  };
  const redirect = redirectIn(server);
  const odd: (readonly [Directive, string])[] = [];
  const tell: Odd = (what, why) => odd.push([what, why]);
  const block = (server.block ?? []).filter(directive => !redirect?.directives.includes(directive));
  for (const directive of block) readDirective(directive, found, tell);
  const around: Around = {
    upstreams: outer.upstreams,
    access: accessWithin(block, outer.access),
    root: block.find(({ name }) => name === 'root')?.args[0] ?? outer.root,
  };
  readLocations(block, around, found, tell);
  const name = nameOf(found, server.at.file);
  const { serverNames } = found;
  const plain = found.plain || !found.secure;
  const listen = server.block?.find(({ name, args }) => name === 'listen' && args.includes('ssl'));
  if (listen !== undefined && (found.certificate === null || found.certificateKey === null))
    odd.push([listen, 'its ssl_certificate or ssl_certificate_key is not in this server block']);
  const remarks = odd
    .toSorted(([a], [b]) => order(a, b))
    .map(([directive, why]) => remarkOn(directive, name, why));
  const { upstream } = found;
  return { server, name, serverNames, upstream, site: siteOf(found, name, server), redirect, plain, remarks };
}

/** In the order of the file. */
function order(a: Directive, b: Directive): number {
  return a.at.file === b.at.file ? a.at.line - b.at.line || a.at.column - b.at.column : 0;
}

function siteOf(found: Found, name: string, server: Directive): SiteDraft | null {
  if (!leads(found)) return null;
  const { socket, address, addresses, upstreams, certificate, certificateKey: key, closed } = found;
  return {
    kind: 'site',
    name,
    at: server.at,
    serverNames: found.isPart ? [] : found.serverNames,
    socket,
    address,
    addresses,
    upstreams,
    clientMaxBodySize: found.clientMaxBodySize,
    static: found.static,
    media: found.media,
    staticExpires: found.staticExpires,
    mediaExpires: found.mediaExpires,
    proxyReadTimeout: found.proxyReadTimeout,
    hidden: [...found.hidden],
    closed: closed === null ? null : { at: closed.guard.at, why: closedBy(closed) },
    accessLog: found.accessLog,
    errorLog: found.errorLog,
    certificate: certificate === null || key === null ? null : { certificate, key },
    redirectHttps: found.redirectHttps,
    redirectFrom: [],
    errorPages: found.errorPages,
  };
}

function closedBy({ guard, where }: NonNullable<Found['closed']>): string {
  const place = where === null ? '' : ` in ${['location', ...where.args].map(quoteNginx).join(' ')}`;
  return guard.name === 'include'
    ? `${show(guard)}${place} cannot be read, and may keep it from the public`
    : `${show(guard)}${place} keeps it from the public`;
}

function nameOf({ upstream, serverNames }: Found, file: string): string {
  return (
    upstream?.replace(/[_-]?app(?:_server|-server)?$/, '') ||
    basename(file).replace(/\.conf$/, '') ||
    (serverNames[0] ?? 'site')
  );
}

function readDirective(directive: Directive, found: Found, odd: Odd): void {
  const { name, args } = directive;
  const [first = '', ...more] = args;
  switch (name) {
    case 'server_name':
      for (const word of args) {
        const host = hostName(word.replace(/^\./, ''));
        if (!host.ok) odd(directive, `"${word}" is no plain host name`);
        else if (word.startsWith('.')) found.serverNames.push(host.value, `*.${host.value}`);
        else if (word !== '_') found.serverNames.push(host.value);
      }
      return;
    case 'client_max_body_size': {
      const bytes = parseSize(first);
      if (bytes === null) odd(directive, 'not understood');
      else found.clientMaxBodySize = bytes;
      return;
    }
    case 'access_log':
    case 'error_log':
      if (!first.startsWith('/')) odd(directive, 'hostd keeps a log in a file, with an absolute path');
      else found[name === 'access_log' ? 'accessLog' : 'errorLog'] = first;
      if (name === 'access_log' && /^\S*json\S*$/.test(more.join(' ')))
        odd(directive, '[proxy] access_log_format = "json"');
      else if (more.length > 0 && more.join(' ') !== 'combined')
        odd(directive, `hostd has no "${more.join(' ')}" here`);
      return;
    case 'location':
    case 'include':
      return;
    default:
      if (isAboutAccess(directive) || readEdge(directive, found, odd) || readProxied(directive, odd)) return;
      if (readTimeout(directive, found, odd) || readTypes(directive, odd)) return;
      odd(directive, name === 'deny' ? 'hostd refuses no addresses' : 'not understood');
  }
}
