// Whose process is at the other end of a connection over loopback: the kernel lists the user of every socket (proc_net_tcp(5)).
// Knows nothing of HTTP.

import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { endianness } from 'node:os';

export interface End {
  readonly address: string;
  readonly port: number;
}

/**
 * The uid of the process whose socket is bound to `near` and connected to `far`; null: the tables have no such socket.
 * `tables`: /proc/net/tcp and tcp6, as they are. A socket that nobody holds any more is listed as root's, with inode 0: it is
 * passed over.
 */
export function uidOfSocket(tables: readonly string[], near: End, far: End): number | null {
  const wanted = inTable(near).map(own => `${own} `);
  const peers = inTable(far);
  for (const table of tables)
    for (const line of table.split('\n')) {
      if (!wanted.some(own => line.includes(own))) continue;
      const [, own = '', peer = '', , , , , uid = '', , inode = '0'] = line.trim().split(/\s+/);
      if (wanted.includes(`${own} `) && peers.includes(peer) && inode !== '0') return Number(uid);
    }
  return null;
}

/** How the tables write an end: an IPv4 address stands in tcp6 as ::ffff:a.b.c.d where an IPv6 socket has it. */
function inTable({ address, port }: End): readonly string[] {
  const digits = port.toString(16).toUpperCase().padStart(4, '0');
  if (address === '::1') return [`${'0'.repeat(24)}${word([0, 0, 0, 1])}:${digits}`];
  const bytes = address
    .replace(/^::ffff:/, '')
    .split('.')
    .map(Number);
  if (bytes.length !== 4) return [];
  return [`${word(bytes)}:${digits}`, `${'0'.repeat(16)}${word([0, 0, 255, 255])}${word(bytes)}:${digits}`];
}

/** Four bytes as the machine's own number, in hexadecimal. */
function word(bytes: readonly number[]): string {
  const ordered = endianness() === 'LE' ? bytes.toReversed() : bytes;
  return ordered.map(byte => byte.toString(16).toUpperCase().padStart(2, '0')).join('');
}

/** The tables are long where there are many connections: each is asked for once in its life. */
const known = new WeakMap<Socket, boolean>();

/** Whether the client is this process's user or root, or, under sudo, whoever called it. Unknown clients are not. */
export function isOwnUser(socket: Socket): boolean {
  const found = known.get(socket) ?? lookUp(socket, process.env);
  known.set(socket, found);
  return found;
}

function lookUp(socket: Socket, env: Readonly<Record<string, string | undefined>>): boolean {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return false;
  if (localAddress === undefined || localPort === undefined) return false;
  const uid = uidOfSocket(
    ['/proc/net/tcp', '/proc/net/tcp6'].map(read),
    { address: remoteAddress, port: remotePort },
    { address: localAddress, port: localPort },
  );
  const own = process.getuid?.();
  const caller = own === 0 && /^\d+$/.test(env['SUDO_UID'] ?? '') ? Number(env['SUDO_UID']) : own;
  return uid !== null && (uid === own || uid === 0 || uid === caller);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return ''; // No IPv6, or no /proc: then nobody is known.
  }
}
