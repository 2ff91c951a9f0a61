// How a location hands requests on: to which socket, with which headers, and whether hostd's own proxy does the same.

import { localAddress, socketPath } from '../backend.ts';
import { conditionOf, plainVariables } from './condition.ts';
import type { Odd } from './edge-read.ts';
import { neverClients } from './never-clients.ts';
import type { Directive } from './syntax.ts';

export interface Passed {
  /** A unix socket's path; null: it is an address. */
  socket: string | null;
  /** "127.0.0.1:8000". */
  address: string | null;
  /** The name of the upstream, if it has one. */
  upstream: string | null;
}

export function passesIn(block: readonly Directive[]): readonly Directive[] {
  return block.flatMap(inner => {
    if (inner.name === 'proxy_pass') return [inner];
    return inner.name === 'location' ? [] : passesIn(inner.block ?? []);
  });
}

/** Where a proxy_pass leads; null: not to one process of this machine, or with another path. */
export function readPass(pass: Directive, upstreams: ReadonlyMap<string, Directive>): Passed | null {
  const target = plainVariables(pass.args[0] ?? '');
  const direct = /^http:\/\/unix:([^:$]+)(?::\/?)?$/i.exec(target)?.[1];
  if (direct !== undefined) return { socket: socketPath(direct), address: null, upstream: null };
  const name = /^http:\/\/([^/$]+)\/?$/.exec(target)?.[1];
  if (name === undefined) return null;
  const servers = upstreams.get(name)?.block?.filter(inner => inner.name === 'server');
  if (servers === undefined) {
    const address = localAddress(name);
    return address === null ? null : { socket: null, address, upstream: null };
  }
  const usable = servers.filter(({ args }) => !args.includes('down'));
  const main = usable.filter(({ args }) => !args.includes('backup'));
  const words = (main.length > 0 ? main : usable).map(({ args }) => args[0] ?? '');
  const unix = words.find(word => word.startsWith('unix:'));
  if (unix !== undefined) return { socket: socketPath(unix.slice(5)), address: null, upstream: name };
  const address = words.map(localAddress).find(found => found !== null) ?? null;
  return address === null ? null : { socket: null, address, upstream: name };
}

/** Whether the directive is part of handing on a request: the headers, the pass itself, and a test for a file before it. */
export function readPassing(inner: Directive, root: string | null, odd: Odd): boolean {
  const { name, args, block } = inner;
  const looks = () => {
    if (root !== null)
      odd(inner, `hostd looks for files below /static/ and /media/ alone, and for none in ${root}`);
  };
  if (name === 'if') {
    const condition = conditionOf(args);
    const isTest = condition?.operator === '!-f' && condition.subject === '$request_filename';
    if (!isTest || !(block ?? []).every(one => readPassing(one, null, odd))) return false;
    looks();
    return true;
  }
  if (name === 'try_files') {
    looks();
    return true;
  }
  return name === 'proxy_pass' || name === 'break' || name === 'include' || readProxied(inner, odd);
}

/** Directives for what hostd's proxy does by itself, or in its own way. */
const proxied = new Set([
  'proxy_http_version',
  'proxy_buffering',
  'proxy_request_buffering',
  'gzip_static',
  'disable_symlinks',
  'keepalive_timeout',
  'server_tokens',
  'real_ip_recursive',
  'sendfile',
  'tcp_nopush',
  'tcp_nodelay',
  'root',
]);

/** false: hostd's proxy has no counterpart. What the proxy does differently is reported. */
export function readProxied(directive: Directive, odd: Odd): boolean {
  const { name, args } = directive;
  if (name === 'proxy_set_header') {
    const why = otherHeader(args[0] ?? '', plainVariables(args[1] ?? ''));
    if (why !== null) odd(directive, why);
    return true;
  }
  if (name === 'proxy_redirect') {
    if (!['off', 'default'].includes(args[0] ?? ''))
      odd(directive, "hostd leaves the app's Location as it is");
    return true;
  }
  if (/^proxy_(send|connect)_timeout$/.test(name)) {
    if (!/^(60s?|1m)$/.test(args[0] ?? ''))
      odd(directive, "hostd's proxy has times of its own here; proxy_read_timeout is a key");
    return true;
  }
  return proxied.has(name);
}

/** Values that mean what hostd's proxy sends. */
const sameHeaders: Readonly<Record<string, RegExp>> = {
  host: /^\$(http_host|host)(:\$server_port)?$/,
  'x-forwarded-for': /^\$(proxy_add_x_forwarded_for|hostd_\w+_forwarded_for)$/,
  'x-forwarded-proto': /^\$(scheme|hostd_\w+_scheme)$/,
  'x-real-ip': /^\$remote_addr$/,
  'x-request-id': /^\$request_id$/,
  upgrade: /^(\$http_upgrade)?$/,
  connection: /^(\$\w+|"?upgrade"?|close|)$/i,
  'x-forwarded-host': /^(\$hostd_\w+_forwarded_host)?$/,
  'x-forwarded-port': /^(\$hostd_\w+_forwarded_port)?$/,
  // Fields that nginx clears. hostd's proxy never passes them on.
  ...Object.fromEntries(neverClients.map(name => [name.toLowerCase(), /^$/])),
};

function otherHeader(name: string, value: string): string | null {
  const lower = name.toLowerCase();
  // A field that nginx clears. hostd's proxy never passes it on.
  if (value === '' && /^(x-forwarded-.*|forwarded|proxy)$/.test(lower)) return null;
  if (Object.hasOwn(sameHeaders, lower)) {
    if (sameHeaders[lower]?.test(value) === true) return null;
    if (/^\$http_x_forwarded_(proto|for|host|port)$/.test(value))
      return '[proxy] trusted_proxies says whose word counts';
    return `hostd's proxy sends ${name} as docs/proxy.md says`;
  }
  return 'hostd sends the app no header of this name';
}
