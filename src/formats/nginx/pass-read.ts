// How a location hands requests on: to which socket or addresses, with which headers, and whether hostd's own proxy does the same.

import { localAddress, socketPath } from '../backend.ts';
import { conditionOf, plainVariables } from './condition.ts';
import type { Odd } from './edge-read.ts';
import { neverClients } from './never-clients.ts';
import type { Directive } from './syntax.ts';
import { addressesOf, serversIn } from './upstream-read.ts';

export interface Passed {
  /** A unix socket's path; null: it is an address. */
  socket: string | null;
  /** "127.0.0.1:8000". */
  address: string | null;
  /** All of these, where an upstream has several. */
  addresses: readonly string[];
  /** The name of the upstream, if it has one. */
  upstream: string | null;
  /** Addresses of other machines, such as "10.0.0.5:8000"; none: it is one process of this one. */
  upstreams: readonly string[];
}

export function passesIn(block: readonly Directive[]): readonly Directive[] {
  return block.flatMap(inner => {
    if (inner.name === 'proxy_pass') return [inner];
    return inner.name === 'location' ? [] : passesIn(inner.block ?? []);
  });
}

/** Where a proxy_pass leads; null: to a name, to nothing, or with another path. */
export function readPass(pass: Directive, upstreams: ReadonlyMap<string, Directive>): Passed | null {
  const target = plainVariables(pass.args[0] ?? '');
  const direct = /^http:\/\/unix:([^:$]+)(?::\/?)?$/i.exec(target)?.[1];
  const nothing: Passed = { socket: null, address: null, addresses: [], upstream: null, upstreams: [] };
  if (direct !== undefined) return { ...nothing, socket: socketPath(direct) };
  const name = /^http:\/\/([^/$]+)\/?$/.exec(target)?.[1];
  if (name === undefined) return null;
  const block = upstreams.get(name);
  const upstream = block === undefined ? null : name;
  const words = block === undefined ? [name] : serversIn(block).map(({ args }) => args[0] ?? '');
  const unix = words.find(word => word.startsWith('unix:'));
  if (unix !== undefined) return { ...nothing, socket: socketPath(unix.slice(5)), upstream };
  const elsewhere = addressesOf(words);
  if (elsewhere.length > 0) return { ...nothing, upstreams: elsewhere, upstream };
  const addresses = words.flatMap(word => localAddress(word) ?? []);
  const [address = null] = addresses;
  return address === null ? null : { ...nothing, address, addresses, upstream };
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
    // hostd waits for a connection to an upstream for two seconds.
    if (
      !/^(60s?|1m)$/.test(args[0] ?? '') &&
      !(name === 'proxy_connect_timeout' && /^2s?$/.test(args[0] ?? ''))
    )
      odd(directive, "hostd's proxy has times of its own here; proxy_read_timeout is a key");
    return true;
  }
  if (name === 'proxy_next_upstream') {
    if (args.some(word => !['error', 'timeout'].includes(word)))
      odd(
        directive,
        'hostd asks another address where one has given no answer; health leaves one out that answers badly',
      );
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
