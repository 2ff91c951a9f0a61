// Finds whose process is at the other end of a connection over loopback: the kernel lists each socket's user (proc_net_tcp(5)).
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
 * `tables`: the texts of /proc/net/tcp and tcp6. A socket that no process has any more is listed as root's, with inode 0. It is
 * skipped.
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

/** How the tables write an end. tcp6 has the IPv4 address of an IPv6 socket as ::ffff:a.b.c.d. */
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

/** Four bytes as a number of the machine, in hexadecimal. */
function word(bytes: readonly number[]): string {
  const ordered = endianness() === 'LE' ? bytes.toReversed() : bytes;
  return ordered.map(byte => byte.toString(16).toUpperCase().padStart(2, '0')).join('');
}

/** Results by socket. With many connections the tables are long, so they are read once for each. */
const known = new WeakMap<Socket, boolean>();

/** Whether the client is this process's user or root, or, under sudo, the user that called it. false if not known. */
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
    return ''; // no IPv6, or no /proc: then no client is known
  }
}
