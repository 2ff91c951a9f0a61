// Where a request comes from: the other end of its connection, or the client that a proxy in front speaks for. A proxy is believed where
// [web] trusts its address; on this machine, where every user has the same address, only one that runs as a proxy's user.

import type { IncomingMessage } from 'node:http';
import type { WebOrder } from '../../protocol/web.ts';
import { clientBehind, trustedAmong, unmapped } from '../../proxy/http/client-address.ts';
import { isLoopback, networkOf, type Source, sourceOf, uidSource } from './source.ts';

export interface From {
  readonly source: Source;
  /** Whether the browser has come by https. */
  readonly isSecure: boolean;
}

export function makeFrom({
  trustedProxies,
  proxyUids,
}: Pick<WebOrder, 'trustedProxies' | 'proxyUids'>): (request: IncomingMessage) => From {
  const isTrusted = trustedAmong(trustedProxies);
  // What a proxy says of an address of this machine is the last word: any local user could have said what is to the left of it.
  const mayGoOn = (address: string) => isTrusted(address) && !isLoopback(address);
  const proxies: ReadonlySet<Source> = new Set(proxyUids.map(uidSource));
  return ({ socket, headers }) => {
    const source = sourceOf(socket);
    const peer = unmapped(socket.remoteAddress ?? '');
    const isProxy = isTrusted(peer) && (!isLoopback(peer) || proxies.has(source));
    if (!isProxy) return { source, isSecure: false };
    const client = clientBehind(
      { address: peer, secure: false, port: null },
      {
        forwardedFor: textOf(headers['x-forwarded-for']),
        forwardedProto: textOf(headers['x-forwarded-proto']),
      },
      mayGoOn,
    );
    return { source: client.address === peer ? source : networkOf(client.address), isSecure: client.secure };
  };
}

function textOf(value: string | readonly string[] | undefined): string | null {
  return value === undefined ? null : String(value);
}
