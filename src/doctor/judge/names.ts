// Whether a site's host names lead to this machine. No name of a private network, and no machine without DNS, is called wrong. Pure.

import type { NameFacts } from '../facts.ts';
import { found, joined, type Looked, made, nothing, unseen } from '../finding.ts';

/** Names that no public server knows (RFC 2606, RFC 6761, RFC 6762, RFC 9476 and home networks' own). */
const reserved = /(?:^|\.)(?:localhost|test|example|invalid|local|internal|lan|home\.arpa|alt)$|^[^.]+$/;

export function judgeNames({ names, own }: NameFacts): Looked {
  return joined(
    ...names.map(({ name, addresses, error }): Looked => {
      if (error !== null) {
        if (reserved.test(name)) return nothing;
        const isKnown = error === 'ENOTFOUND' || error === 'ENODATA';
        if (!isKnown) return unseen(`no DNS here: nobody says where "${name}" leads to (${error})`, 'name');
        const message = `"${name}" does not exist: no visitor finds the site by it`;
        return found(
          made(
            'name',
            'warning',
            message,
            `an A or AAAA record for ${name} at your DNS provider, or take it out of server_names`,
          ),
        );
      }
      if (addresses.some(address => own.includes(address) || isPrivate(address))) return nothing;
      // Behind NAT a machine does not know its own public address.
      if (own.every(isPrivate)) return nothing;
      const message = `"${name}" leads to ${addresses.slice(0, 3).join(', ')}, and this machine is ${own
        .filter(one => !isPrivate(one))
        .slice(0, 3)
        .join(', ')}`;
      return found(
        made(
          'name',
          'note',
          message,
          `the record of ${name} at your DNS provider, unless a proxy of yours is there`,
        ),
      );
    }),
  );
}

/** Loopback, private and link-local addresses (RFC 1918, RFC 6598, RFC 4193, RFC 4291). */
export function isPrivate(address: string): boolean {
  if (address.includes(':')) return /^(?:::1$|f[cd]|fe[89ab])/i.test(address);
  const [a = 0, b = 0] = address.split('.').map(Number);
  return (
    a === 127 ||
    a === 10 ||
    (a === 192 && b === 168) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254)
  );
}
