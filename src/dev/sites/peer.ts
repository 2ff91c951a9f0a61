// Whether a client of hostd dev is its own user, by whose process is at the other end of the connection. Knows nothing of HTTP.

import type { Socket } from 'node:net';
import { ownerOfPeer } from '../../linux/socket-owner.ts';

/** Results by socket. With many connections the tables are long, so they are read once for each. */
const known = new WeakMap<Socket, boolean>();

/** Whether the client is this process's user or root, or, under sudo, the user that called it. false if not known. */
export function isOwnUser(socket: Socket): boolean {
  const found = known.get(socket) ?? lookUp(socket, process.env);
  known.set(socket, found);
  return found;
}

function lookUp(socket: Socket, env: Readonly<Record<string, string | undefined>>): boolean {
  const uid = ownerOfPeer(socket);
  const own = process.getuid?.();
  const caller = own === 0 && /^\d+$/.test(env['SUDO_UID'] ?? '') ? Number(env['SUDO_UID']) : own;
  return uid !== null && (uid === own || uid === 0 || uid === caller);
}
