// Whether somebody else listens where the proxy is to listen, and who: from /proc/net/tcp (proc_net(5)) and the open files of
// all processes. hostd itself does not count.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { pids } from '../linux/procfs.ts';
import type { Host, Listen } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';

/** State of a listening socket in /proc/net/tcp. */
const listening = '0A';

export interface Listener {
  /** Hexadecimal digits as the kernel writes them, and 0 for every address. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** The listening sockets in the text of /proc/net/tcp or tcp6. */
export function parseListeners(text: string): readonly Listener[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (state !== listening) return [];
      return [{ address: /^0+$/.test(address) ? '0' : address, port: Number.parseInt(port, 16), inode }];
    });
}

/** Of these listeners of its own family, the one that keeps `wanted` from being bound (ip(7), tcp(7)), or null. */
export function inTheWay(wanted: Listen, listeners: readonly Listener[]): Listener | null {
  const address = hexAddress(wanted.host);
  const overlaps = (other: string) => address === '0' || other === '0' || other === address;
  return listeners.find(({ port, address: other }) => port === wanted.port && overlaps(other)) ?? null;
}

/** As the kernel writes it: 32-bit words in the machine's byte order, which is little-endian wherever Node runs. */
function hexAddress(host: string): string {
  const bytes = isIPv6(host) ? bytesOfIpv6(host) : host.split('.').map(Number);
  if (bytes.every(byte => byte === 0)) return '0';
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.slice(4 * i, 4 * i + 4).reverse());
  return words
    .flat()
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
}

function bytesOfIpv6(host: string): readonly number[] {
  const [head = '', tail] = host.split('::');
  const groups = (text: string) => text.split(':').filter(Boolean);
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last].flatMap(group => {
    const word = Number.parseInt(group, 16);
    return [word >> 8, word & 255];
  });
}

/** The addresses of [proxy] that somebody else has. */
export function checkPorts({ settings, sites }: Host): readonly Problem[] {
  const { enabled, listen, tlsListen } = settings.proxy;
  if (!enabled) return [];
  const tls = sites.some(({ certificate }) => certificate !== null) ? tlsListen : [];
  const wanted = [
    ...listen.map((address, index) => ({ address, key: 'listen', index })),
    ...tls.map((address, index) => ({ address, key: 'tls_listen', index })),
  ];
  const [four, six] = ['tcp', 'tcp6'].map(file => parseListeners(readText(`/proc/net/${file}`)));
  return wanted.flatMap(({ address, key, index }): Problem[] => {
    const found = inTheWay(address, (isIPv6(address.host) ? six : four) ?? []);
    if (found === null) return [];
    const holders = holdersOf(found.inode);
    // It is root's process that holds the proxy's listeners.
    if (holders.some(({ name }) => name === 'hostd')) return [];
    const [holder] = holders;
    const where = `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
    const by = holder === undefined ? 'by another process' : `by "${holder.name}" (pid ${holder.pid})`;
    const message = `[proxy]: cannot listen on ${where}: it is used ${by}`;
    const stop =
      holder === undefined ? `sudo ss -ltnp sport = :${address.port}` : `systemctl stop ${holder.name}`;
    const hint = `${stop}, or another address: ${key} = ["127.0.0.1:8080"]`;
    return [{ severity: 'error', message, hint, at: { file: settings.file, key: ['proxy', key, index] } }];
  });
}

/** The processes that have the socket open, as far as this one may look. */
function holdersOf(inode: string): readonly { readonly pid: number; readonly name: string }[] {
  return pids().flatMap(pid => {
    try {
      const has = readdirSync(`/proc/${pid}/fd`).some(fd => {
        try {
          return readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`;
        } catch {
          return false;
        }
      });
      return has ? [{ pid, name: readText(`/proc/${pid}/comm`).trim() }] : [];
    } catch {
      return [];
    }
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
