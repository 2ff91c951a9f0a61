// Where a request comes from, as far as it counts for logins and sessions: a user of this machine, or an address of the network.

import type { Socket } from 'node:net';
import { ownerOfPeer } from '../../linux/socket-owner.ts';
import { native } from '../../native/index.ts';

/** "uid 1000", "10.0.0.7", "2001:db8:0:1::/64". Tries to log in are counted for each, and a session belongs to one. */
export type Source = string;

const known = new WeakMap<Socket, Source>();

/** Over loopback, and over a unix socket, the kernel says whose process it is. */
export function sourceOf(socket: Socket): Source {
  const found = known.get(socket) ?? lookUp(socket);
  known.set(socket, found);
  return found;
}

function lookUp(socket: Socket): Source {
  const { remoteAddress } = socket;
  if (remoteAddress === undefined) return uidSource(uidOfUnixPeer(socket));
  return isLoopback(remoteAddress) ? uidSource(ownerOfPeer(socket)) : networkOf(remoteAddress);
}

export function uidSource(uid: number | null): Source {
  return uid === null ? 'this machine' : `uid ${uid}`;
}

/** The uid at the other end of a unix socket; null: the kernel does not tell. */
export function uidOfUnixPeer(socket: Socket): number | null {
  const { _handle: handle } = socket as unknown as { _handle?: { fd: number } };
  try {
    return handle === undefined ? null : native.peer(handle.fd).uid;
  } catch {
    return null;
  }
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

/** One customer has a whole /64 of IPv6 addresses to come from. */
export function networkOf(address: string): Source {
  if (!address.includes(':')) return address;
  if (/^::ffff:\d+\./.test(address)) return address.slice('::ffff:'.length);
  const [before = '', after] = (address.split('%', 1)[0] ?? '').split('::');
  const head = before.split(':').filter(Boolean);
  const tail = (after ?? '').split(':').filter(Boolean);
  const zeros =
    after === undefined ? [] : Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`;
}
