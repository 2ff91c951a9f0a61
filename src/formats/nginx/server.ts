// One server block to the draft of a site, or to a redirect: what it serves, whom it asks, and which of its directives hostd
// has no word for.

import { basename } from 'node:path';
import { hostName } from '../../config/toml/value-hosts.ts';
import { parseSize } from '../../words/sizes.ts';
import type { Remark, SiteDraft } from '../draft.ts';
import { type Edge, emptyEdge, type Odd, readEdge, readEdgeLocation } from './edge-read.ts';
import { quoteNginx } from './quote.ts';
import { type Redirect, redirectIn } from './redirect-read.ts';
import type { Directive } from './syntax.ts';

interface Found extends Edge {
  serverNames: string[];
  socket: string | null;
  upstream: string | null;
  clientMaxBodySize: number | null;
  static: string | null;
  media: string | null;
  accessLog: string | null;
  errorLog: string | null;
}

export interface ReadServer {
  readonly server: Directive;
  readonly name: string;
  readonly serverNames: readonly string[];
  /** null: it hands nothing to a unix socket. */
  readonly site: SiteDraft | null;
  /** Where it sends everybody. */
  readonly redirect: Redirect | null;
  readonly plain: boolean;
  readonly remarks: readonly Remark[];
}

export function readServer(server: Directive, upstreams: ReadonlyMap<string, Directive>): ReadServer {
  const found: Found = {
    serverNames: [],
    socket: null,
    upstream: null,
    clientMaxBodySize: null,
    static: null,
    media: null,
    accessLog: null,
    errorLog: null,
    ...emptyEdge,
  };
  const redirect = redirectIn(server);
  const odd: (readonly [Directive, string])[] = [];
  for (const directive of server.block ?? [])
    if (!redirect?.directives.includes(directive))
      readDirective(directive, found, upstreams, (what, why) => odd.push([what, why]));
  const name = nameOf(found, server.at.file);
  const { serverNames } = found;
  const plain = found.plain || !found.secure;
  const listen = server.block?.find(({ name, args }) => name === 'listen' && args.includes('ssl'));
  if (listen !== undefined && (found.certificate === null || found.certificateKey === null))
    odd.push([listen, 'its ssl_certificate or ssl_certificate_key is not in this server block']);
  const remarks = odd.map(([directive, why]) => remarkOn(directive, name, why));
  return { server, name, serverNames, site: siteOf(found, name, server), redirect, plain, remarks };
}

function siteOf(found: Found, name: string, server: Directive): SiteDraft | null {
  const { socket, certificate, certificateKey: key } = found;
  if (socket === null) return null;
  return {
    kind: 'site',
    name,
    at: server.at,
    serverNames: found.serverNames,
    socket,
    clientMaxBodySize: found.clientMaxBodySize,
    static: found.static,
    media: found.media,
    accessLog: found.accessLog,
    errorLog: found.errorLog,
    certificate: certificate === null || key === null ? null : { certificate, key },
    redirectHttps: found.redirectHttps,
    redirectFrom: [],
    errorPages: found.errorPages,
  };
}

function nameOf({ upstream, serverNames }: Found, file: string): string {
  return (
    upstream?.replace(/[_-]?app(?:_server|-server)?$/, '') ||
    basename(file).replace(/\.conf$/, '') ||
    (serverNames[0] ?? 'site')
  );
}

function readDirective(
  directive: Directive,
  found: Found,
  upstreams: ReadonlyMap<string, Directive>,
  odd: Odd,
): void {
  const { name, args } = directive;
  const [first = '', ...more] = args;
  switch (name) {
    case 'server_name':
      for (const word of args) {
        const host = hostName(word);
        if (host.ok && word !== '_') found.serverNames.push(host.value);
        else if (word !== '_') odd(directive, `"${word}" is no plain host name`);
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
      readLocation(directive, found, upstreams, odd);
      return;
    default:
      if (!readEdge(directive, found, odd) && !proxied.has(name)) odd(directive, 'not understood');
  }
}

/** What hostd's proxy does by itself, or in its own way. */
const proxied = new Set([
  'proxy_set_header',
  'proxy_redirect',
  'proxy_http_version',
  'proxy_buffering',
  'gzip_static',
  'disable_symlinks',
  'keepalive_timeout',
  'server_tokens',
  'real_ip_recursive',
]);

function readLocation(
  directive: Directive,
  found: Found,
  upstreams: ReadonlyMap<string, Directive>,
  odd: Odd,
): void {
  const block = directive.block ?? [];
  const path = directive.args.at(-1) ?? '';
  const passes = passesIn(block);
  const isPrefix = directive.args.length === 1 || directive.args[0] === '^~';
  if (passes.length > 0 && isPrefix && path === '/') {
    for (const pass of passes) readPass(pass, found, upstreams, odd);
    for (const inner of block) if (!isPassing(inner)) odd(inner, 'not understood');
    return;
  }
  if (passes.length > 0 && directive.args.length === 1 && path.startsWith('@')) {
    for (const pass of passes) readPass(pass, found, upstreams, odd);
    return;
  }
  if (readEdgeLocation(directive, path, found, odd)) return;
  const key = ({ static: 'static', media: 'media' } as const)[path.replaceAll('/', '')];
  const files = filesOf(block, path);
  if (!isPrefix || key === undefined || files === null) {
    odd(
      directive,
      key === undefined ? 'hostd serves files below /static/ and /media/ alone' : 'not understood',
    );
    return;
  }
  found[key] = files;
  for (const inner of block)
    if (!['alias', 'root', 'gzip_static', 'disable_symlinks'].includes(inner.name) && !isHidingDots(inner))
      odd(inner, 'not understood');
}

function filesOf(block: readonly Directive[], path: string): string | null {
  const alias = block.find(({ name }) => name === 'alias')?.args[0];
  if (alias !== undefined) return alias.endsWith('/') ? alias : `${alias}/`;
  const root = block.find(({ name }) => name === 'root')?.args[0];
  return root === undefined ? null : `${root.replace(/\/$/, '')}/${path.replaceAll('/', '')}/`;
}

function isHidingDots({ name, args, block }: Directive): boolean {
  return (
    name === 'location' && args[0] === '~' && /^\/\\\./.test(args[1] ?? '') && block?.[0]?.name === 'return'
  );
}

function passesIn(block: readonly Directive[]): readonly Directive[] {
  return block.flatMap(inner => (inner.name === 'proxy_pass' ? [inner] : passesIn(inner.block ?? [])));
}

/** Part of handing on a request: the headers, the pass itself, and a test whether there is a file first. */
function isPassing({ name, args, block }: Directive): boolean {
  if (name === 'if') return args.join(' ') === '(!-f $request_filename)' && (block ?? []).every(isPassing);
  if (name === 'try_files') return true;
  return name === 'proxy_pass' || name === 'break' || proxied.has(name);
}

function readPass(pass: Directive, found: Found, upstreams: ReadonlyMap<string, Directive>, odd: Odd): void {
  const [target = ''] = pass.args;
  const direct = /^http:\/\/unix:([^:]+)(?::\/?)?$/.exec(target)?.[1];
  const name = /^http:\/\/([^/:$]+)\/?$/.exec(target)?.[1];
  const server =
    name === undefined ? undefined : upstreams.get(name)?.block?.find(inner => inner.name === 'server');
  const named = server?.args[0]?.startsWith('unix:') ? server.args[0].slice(5) : undefined;
  const socket = direct ?? named;
  if (socket === undefined) odd(pass, 'it is not handed to a unix socket');
  else {
    found.socket = socket;
    found.upstream = named === undefined ? null : (name ?? null);
  }
}

export function remarkOn(directive: Directive, of: string | null, why: string): Remark {
  return { kind: 'remark', at: directive.at, why, line: show(directive), of };
}

/** One line, whatever is inside. */
function show({ name, args, block }: Directive): string {
  const head = [name, ...args].map(quoteNginx).join(' ');
  if (block === null) return `${head};`;
  const inner = block.map(show).join(' ');
  return `${head} { ${inner}${inner === '' ? '' : ' '}}`;
}
