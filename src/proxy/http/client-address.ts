// Who makes a request, and how: the other end of the connection or, where that is a trusted proxy, the client it speaks for. Pure.

import { BlockList, isIP, SocketAddress } from 'node:net';

/** The client that a request comes from, as far as it can be known. */
export interface Client {
  readonly address: string;
  /** Whether the client's request came by https. */
  readonly secure: boolean;
  /** The port that the client connected to; null: only a proxy in front knows. */
  readonly port: number | null;
}

/** What a proxy in front claims. */
export interface ForwardedClaims {
  /** X-Forwarded-For and X-Forwarded-Proto as they came, their lines joined. */
  readonly forwardedFor: string | null;
  readonly forwardedProto: string | null;
}

export type IsTrusted = (address: string) => boolean;

/** Whether an address is one of these addresses, or in one of these CIDR blocks, such as "10.0.0.0/8". */
export function trustedAmong(blocks: readonly string[]): IsTrusted {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    const family = familyOf(address) ?? 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return address => {
    const [bare = ''] = address.split('%'); // a link-local address names its interface, too
    const family = familyOf(bare);
    return family !== null && list.check(bare, family);
  };
}

/** The client that a trusted peer speaks for. What the peer does not say is taken from the connection to it. */
export function clientBehind(peer: Client, claims: ForwardedClaims, isTrusted: IsTrusted): Client {
  const { forwardedFor } = claims;
  const address = forwardedFor === null ? peer.address : addressBehind(peer.address, forwardedFor, isTrusted);
  const scheme = claims.forwardedProto?.trim().toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') return { ...peer, address };
  return { address, secure: scheme === 'https', port: null };
}

/** Proxies that a request may have come through. A longer list is not believed. */
const mostProxies = 100;

/**
 * The rightmost address of X-Forwarded-For that is not trusted: everything to its left is hearsay. Where all of them are trusted, the
 * leftmost. The search ends at a member that is no address, and after `mostProxies`; then the last address before that counts.
 */
export function addressBehind(peer: string, forwardedFor: string, isTrusted: IsTrusted): string {
  let found = peer;
  const members = forwardedFor.split(',');
  const end = Math.max(0, members.length - mostProxies);
  for (let i = members.length - 1; i >= end; i--) {
    const text = (members[i] ?? '').trim();
    if (text === '') continue;
    const address = addressOf(text);
    if (address === null) return found;
    found = address;
    if (!isTrusted(address)) return found;
  }
  return found;
}

/** An IPv4 address without its IPv6 wrapping, in which a listener on [::] gives it. */
export function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}

/** One member of X-Forwarded-For as a plain address. Proxies add ports and brackets. null: no address. */
function addressOf(member: string): string | null {
  const parts = /^(?:\[([0-9a-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/i.exec(member);
  const text = parts?.[1] ?? parts?.[2] ?? member;
  if (text.includes('%')) return null;
  const family = familyOf(text);
  if (family !== 'ipv6') return family === null ? null : text;
  return unmapped(new SocketAddress({ address: text, family }).address);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  const family = isIP(address);
  return family === 0 ? null : family === 4 ? 'ipv4' : 'ipv6';
}

/** What counts as one client: an IPv4 address, or the /64 of an IPv6 address, since one client may use all of its /64. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  // "::" stands for the zeros that are missing.
  if (tail !== undefined) {
    const last = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + last < 8) groups.push('0');
  }
  return groups.slice(0, 4).join(':');
}
