// One server block to the draft of a site: what it serves, whom it asks, and which of its directives hostd has no word for.

import { basename } from 'node:path';
import type { Draft, Remark, SiteDraft } from './draft.ts';
import { quoteNginx } from './nginx-quote.ts';
import type { Directive } from './nginx-syntax.ts';
import { parseSize } from './sizes.ts';
import { hostName } from './value-hosts.ts';

interface Found {
  serverNames: string[];
  socket: string | null;
  upstream: string | null;
  clientMaxBodySize: number | null;
  static: string | null;
  media: string | null;
  accessLog: string | null;
  errorLog: string | null;
}

export function readServer(server: Directive, upstreams: ReadonlyMap<string, Directive>): readonly Draft[] {
  const found: Found = {
    serverNames: [],
    socket: null,
    upstream: null,
    clientMaxBodySize: null,
    static: null,
    media: null,
    accessLog: null,
    errorLog: null,
  };
  const odd: (readonly [Directive, string])[] = [];
  for (const directive of server.block ?? [])
    readDirective(directive, found, upstreams, (what, why) => odd.push([what, why]));
  const name = nameOf(found, server.at.file);
  const remarks = odd.map(([directive, why]) => remarkOn(directive, name, why));
  if (found.socket === null) return [remarkOn(server, name, 'it hands nothing to a unix socket'), ...remarks];
  const { socket, upstream: _, ...rest } = found;
  const site: SiteDraft = { kind: 'site', name, at: server.at, socket, ...rest };
  return [site, ...remarks];
}

function nameOf({ upstream, serverNames }: Found, file: string): string {
  return (
    upstream?.replace(/[_-]?app(?:_server|-server)?$/, '') ||
    basename(file).replace(/\.conf$/, '') ||
    (serverNames[0] ?? 'site')
  );
}

type Odd = (what: Directive, why: string) => void;

function readDirective(
  directive: Directive,
  found: Found,
  upstreams: ReadonlyMap<string, Directive>,
  odd: Odd,
): void {
  const { name, args } = directive;
  const [first = '', ...more] = args;
  switch (name) {
    case 'listen':
      if (/\bssl\b|:443$|^443$|quic/.test(args.join(' '))) odd(directive, 'hostd speaks plain HTTP');
      else if (more.length > 0) odd(directive, 'hostd listens as [proxy] says');
      return;
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
      if (more.length > 0 && more.join(' ') !== 'combined')
        odd(directive, `hostd has no "${more.join(' ')}" here`);
      return;
    case 'location':
      readLocation(directive, found, upstreams, odd);
      return;
    default:
      if (!proxied.has(name)) odd(directive, 'not understood');
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
