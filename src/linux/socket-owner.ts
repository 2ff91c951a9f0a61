// Finds whose process is at the other end of a connection over loopback: the kernel lists each socket's user (proc_net_tcp(5)).

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

/** The uid of the process at the other end of a connection over loopback; null: it is not known. */
export function ownerOfPeer({ remoteAddress, remotePort, localAddress, localPort }: Socket): number | null {
  if (remoteAddress === undefined || remotePort === undefined) return null;
  if (localAddress === undefined || localPort === undefined) return null;
  return uidOfSocket(
    ['/proc/net/tcp', '/proc/net/tcp6'].map(read),
    { address: remoteAddress, port: remotePort },
    { address: localAddress, port: localPort },
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return ''; // no IPv6, or no /proc: then no client is known
  }
}
