// Which process listens on an address of this machine: from /proc/net/tcp (proc_net(5)) and the open files of all processes.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { pids } from './procfs.ts';

/** State of a listening socket in /proc/net/tcp. */
const listening = '0A';

/** A TCP address: numeric host, port 1 to 65535. */
interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  /** Hexadecimal digits as the kernel writes them. 0: every address. */
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

/** Of these listeners of the same family, the one that keeps `wanted` from being bound (ip(7), tcp(7)), or null. */
export function inTheWay(wanted: Address, listeners: readonly Listener[]): Listener | null {
  const address = hexAddress(wanted.host);
  const overlaps = (other: string) => address === '0' || other === '0' || other === address;
  return listeners.find(({ port, address: other }) => port === wanted.port && overlaps(other)) ?? null;
}

/** The address as the kernel writes it: 32-bit words in the machine's byte order, which is little-endian wherever Node runs. */
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

/** The processes whose listener keeps `wanted` from being bound; null: there is no such listener. Empty where this process may not look. */
export function holdersOfAddress(wanted: Address): readonly Holder[] | null {
  const file = isIPv6(wanted.host) ? 'tcp6' : 'tcp';
  const found = inTheWay(wanted, parseListeners(readText(`/proc/net/${file}`)));
  if (found === null) return null;
  // A caller that tries again and again must not look at every process each time.
  if (last?.inode !== found.inode || performance.now() - last.at > believedMs)
    last = { inode: found.inode, holders: holdersOf(found.inode), at: performance.now() };
  return last.holders;
}

/** Milliseconds for which a result is believed. */
const believedMs = 30_000;
let last: { readonly inode: string; readonly holders: readonly Holder[]; readonly at: number } | null = null;

export interface Holder {
  readonly pid: number;
  /** As ps shows it: /proc/PID/comm. */
  readonly name: string;
  /** The service of systemd's that it belongs to, such as "nginx"; null: none. */
  readonly service: string | null;
}

/** The system's service, in the text of /proc/PID/cgroup. What a login started is none. */
export function serviceIn(cgroup: string): string | null {
  return (
    /^\d+:(?:name=systemd)?:\/system\.slice\/(?:[^/\n]+\.slice\/)*([^/\n]+)\.service(?:\/|$)/m.exec(
      cgroup,
    )?.[1] ?? null
  );
}

/** What ends the holder for good, to be typed as root. */
export function howToStop({ pid, service }: Holder): string {
  return service !== null && /^[\w@:.-]+$/.test(service)
    ? `systemctl disable --now ${service}`
    : `kill ${pid}`;
}

/** The processes that have the socket open, as far as this process may look. */
function holdersOf(inode: string): readonly Holder[] {
  return pids().flatMap(pid => {
    try {
      const has = readdirSync(`/proc/${pid}/fd`).some(fd => {
        try {
          return readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`;
        } catch {
          return false;
        }
      });
      if (!has) return [];
      const service = serviceIn(readText(`/proc/${pid}/cgroup`));
      return [{ pid, name: readText(`/proc/${pid}/comm`).trim(), service }];
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
