// Host names and addresses as values.

import { domainToASCII } from 'node:url';
import type { Listen } from '../../model/host.ts';
import { admitHostName } from '../../model/host-name.ts';
import { bad, type Decoded, good } from './decoded.ts';

/** Lower case and in ASCII, as browsers send it; "*.example.org" is every name below example.org. */
export function hostName(value: unknown): Decoded<string> {
  const example = '"hello.test"';
  if (typeof value !== 'string') return bad('it must be a text', example);
  const wildcard = value.startsWith('*.') ? '*.' : '';
  const plain = value.slice(wildcard.length);
  const name = admitHostName(/^[\w.-]*$/.test(plain) ? plain : domainToASCII(plain));
  // A hyphen at the end of a label is a mistake in a configuration, though clients may send it.
  return name !== null && !/(^|\.)-|-(\.|$)/.test(name)
    ? good(wildcard + name)
    : bad('it is no host name: without scheme, port and path', example);
}

/** "[::]:80" and "[0::0]:80" are one address, and are read as one. */
export function address(value: unknown): Decoded<Listen> {
  const example = '"0.0.0.0:80"';
  if (typeof value !== 'string') return bad('it must be a text', example);
  const found = /^(?:\[([0-9a-f:.]+)\]|(\d+\.\d+\.\d+\.\d+)):(\d{1,5})$/i.exec(value);
  const host = found?.[1] === undefined ? ipv4(found?.[2] ?? '') : ipv6(found[1]);
  const port = Number(found?.[3]);
  return host !== null && port >= 1 && port <= 65535
    ? good({ host, port })
    : bad('it must be an address and a port', example);
}

export function ipv4(text: string): string | null {
  const parts = text.split('.').map(Number);
  return parts.length === 4 && parts.every(part => part <= 255) ? parts.join('.') : null;
}

export function ipv6(text: string): string | null {
  const url = `http://[${text}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : null;
}
