// Which of [proxy]'s addresses the machine can have. Pure.

import type { Listen } from './host.ts';

/**
 * Without IPv6 "[::]:80" is left out where "0.0.0.0:80" stands beside it, as in the defaults: both together mean all visitors, and
 * none comes to such a machine by IPv6. Any other IPv6 address was meant, and is an error.
 */
export function usableListeners(list: readonly Listen[], hasIpv6: boolean): readonly Listen[] {
  if (hasIpv6) return list;
  const isSpare = ({ host, port }: Listen) =>
    host === '::' && list.some(other => other.host === '0.0.0.0' && other.port === port);
  return list.filter(listen => !isSpare(listen));
}
