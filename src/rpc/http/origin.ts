// Whether a browser asks on behalf of another site's page (cross-site request forgery). Supervisor's page acts by links, so that a
// foreign page could act by an image. Scripts say nothing of where they come from, and are believed. Pure.

import { type Head, header } from './head.ts';

/** Whether an action of this request is to be refused. */
export function isForeign(head: Head): boolean {
  // Fetch Metadata; browsers send it over https, and to localhost. "none": typed, or a bookmark.
  const site = header(head, 'Sec-Fetch-Site');
  if (site !== null) return site !== 'same-origin' && site !== 'none';
  const from = header(head, 'Origin') ?? header(head, 'Referer');
  // A page can keep its browser from saying where it is; the page served here cannot be one of those.
  if (from === null) return /^Mozilla\//.test(header(head, 'User-Agent') ?? '');
  const hosts = ['Host', 'X-Forwarded-Host'].map(name => header(head, name)?.trim().toLowerCase());
  return !hosts.includes(hostOf(from) ?? '\0');
}

/** null: "null", or no URL. */
function hostOf(url: string): string | null {
  try {
    return new URL(url).host;
  } catch {
    return null;
  }
}
