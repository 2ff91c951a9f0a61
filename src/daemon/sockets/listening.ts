// Which sockets of this machine listen, and which process holds one: read from /proc/net and /proc/PID/fd (proc(5)).

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ListeningSocket {
  /** A path, or "address:port" as tcpKey writes it. */
  readonly key: string;
  readonly inode: string;
}

export function listeningSockets(): ListeningSocket[] {
  const read = (name: string) => {
    try {
      return readFileSync(`/proc/net/${name}`, 'utf8');
    } catch {
      return '';
    }
  };
  return [...parseUnix(read('unix')), ...parseTcp(read('tcp')), ...parseTcp(read('tcp6'))];
}

/** The fd by which a process holds one of these sockets, or null. */
export function holderOf(sockets: readonly ListeningSocket[], pid: number): number | null {
  const links = new Set(sockets.map(socket => `socket:[${socket.inode}]`));
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      if (links.has(readLink(`/proc/${pid}/fd/${fd}`))) return Number(fd);
    }
  } catch {
    // It has ended, or is not ours to look at.
  }
  return null;
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Lines "Num: RefCount Protocol Flags Type St Inode Path"; flag 0x10000 is SO_ACCEPTCON. */
export function parseUnix(text: string): ListeningSocket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const match = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.+)$/.exec(line);
      const [, flags = '', inode = '', key = ''] = match ?? [];
      return match !== null && (Number.parseInt(flags, 16) & 0x10000) !== 0 ? [{ key, inode }] : [];
    });
}

/** Lines "sl local_address rem_address st ... inode"; state 0A is LISTEN. Addresses are in host byte order per 32-bit word. */
export function parseTcp(text: string): ListeningSocket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const fields = line.trim().split(/\s+/);
      const [, local = '', , state] = fields;
      const inode = fields[9];
      if (state !== '0A' || inode === undefined) return [];
      const [address = '', port = ''] = local.split(':');
      const host = address.length === 8 ? ipv4(address) : `[${ipv6(address)}]`;
      return [{ key: `${host}:${Number.parseInt(port, 16)}`, inode }];
    });
}

function bytes(hex: string): number[] {
  const words = hex.match(/.{8}/g) ?? [];
  return words.flatMap(word => (word.match(/../g) ?? []).reverse().map(byte => Number.parseInt(byte, 16)));
}

function ipv4(hex: string): string {
  return bytes(hex).join('.');
}

/** In the short form of RFC 5952, as far as URL writes it. */
function ipv6(hex: string): string {
  const all = bytes(hex);
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((all[2 * i] ?? 0) << 8) | (all[2 * i + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
