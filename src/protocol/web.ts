// What crosses between hostd and hostd-web, the process without rights that serves the page in the browser. hostd-web reads one
// WebOrder to its end from its fd 3. It asks root what the page may have (daemon/callers/permissions.ts) as HTTP, as protocol/control.ts
// says, on a unix socket that it alone can find: by way of its fd 5. It ends when root closes the pipe at its fd 4.

import type { WebRights } from '../model/host.ts';

export const webFds = { order: 3, life: 4, control: 5, listener: 6 } as const;

export interface WebOrder {
  readonly kind: 'unix' | 'tcp';
  /** `password`: scrypt's text. null: a unix socket, where the kernel says who comes. */
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly may: WebRights;
  readonly serverNames: readonly string[];
  /** CIDR blocks of proxies in front that are believed; over loopback only those that run as one of these users. */
  readonly trustedProxies: readonly string[];
  readonly proxyUids: readonly number[];
  /** The machine's name, for people. */
  readonly machine: string;
}

/** The header by which hostd-web says who is logged in, in percent encoding. Root shows it, and gives nothing for it. */
export const askerHeader = 'hostd-asker';

/** Characters of the longest name. */
const longestName = 64;

/** The name that the header says, without what a terminal or a log could take for more than a name. */
export function decodeAsker(header: string | readonly string[] | undefined): string {
  if (typeof header !== 'string' || header.length > 3 * 4 * longestName) return 'somebody';
  try {
    const name = decodeURIComponent(header).replaceAll(/\p{C}/gu, '?').slice(0, longestName);
    return name.trim() === '' ? 'somebody' : name;
  } catch {
    return 'somebody';
  }
}
