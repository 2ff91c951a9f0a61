// Whether a request was sent to this page's own address, by this page itself: against other sites' pages in the same browser (cross-site
// request forgery), and against names of others that lead here (DNS rebinding). Pure.

import { isIP } from 'node:net';

export interface Asked {
  readonly method: string;
  /** The fields of the request, by names in lower case. */
  /** Whether the browser has come by https, so that a page without it is another one. */
  readonly isSecure: boolean;
  readonly fields: { readonly [name: string]: string | readonly string[] | undefined };
}

/**
 * Whether a browser may come by this Host. A name of somebody else's can be made to lead here; an address and localhost cannot.
 * `names`: further host names, in lower case.
 */
export function isOwnHost(host: string | undefined, names: readonly string[]): boolean {
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host ?? '');
  if (found === null) return false;
  const [, six, name = ''] = found;
  if (six !== undefined) return isIP(six) === 6;
  const plain = name.toLowerCase().replace(/\.$/, '');
  if (isIP(plain) === 4 || plain === 'localhost' || plain.endsWith('.localhost')) return true;
  return names.some(one => (one.startsWith('*.') ? plain.endsWith(one.slice(1)) : plain === one));
}

/** Whether another site's page has made the browser ask. Programs that are no browsers say nothing of where they come from. */
export function isForeign({ method, fields, isSecure }: Asked): boolean {
  const site = fields['sec-fetch-site'];
  const isRead = method === 'GET' || method === 'HEAD';
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    // A link on another site's page may lead here. It shows the login, since the cookie is not sent (SameSite=Strict).
    const isLink =
      isRead && fields['sec-fetch-mode'] === 'navigate' && fields['sec-fetch-dest'] === 'document';
    if (!isLink) return true;
  }
  if (isRead) return false;
  const { origin, host } = fields;
  if (origin === undefined) return false;
  if (isSecure && !/^https:/i.test(String(origin))) return true;
  return hostOf(String(origin)) !== String(host).toLowerCase();
}

/** The host and port of a page's origin; null: "null", or none. */
function hostOf(origin: string): string | null {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase() ?? null;
}
