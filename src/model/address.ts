// How an address is written. Pure.

import type { Listen } from './host.ts';

/** "10.0.0.5:8000", "[::1]:8000". */
export function addressText({ host, port }: Listen): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
