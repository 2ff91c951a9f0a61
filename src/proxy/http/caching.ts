// How long a client may keep a file without asking again: Cache-Control (RFC 9111 section 5.2, RFC 8246) and Expires, as
// nginx's "expires" writes them. Pure.

import type { Location } from '../../model/host.ts';
import { formatHttpDate } from './http-date.ts';

/** NAME.0123456789ab.EXT, as Django's ManifestStaticFilesStorage calls a file by its content: another content has another name. */
const hashedName = /\.[0-9a-f]{12}\.[^/.]+$/;
/** Where the app's author alone puts files: a visitor may call an upload whatever he likes. */
const authored = '/static/';

/**
 * Fields, name and value in turn, for a file of this path (latin-1). `now` in milliseconds. Nothing where the location says
 * nothing, unless the name tells that its content never changes.
 */
export function cachingFields(
  path: string,
  { prefix, expires }: Pick<Location, 'prefix' | 'expires'>,
  now: number,
): readonly string[] {
  if (prefix === authored && hashedName.test(path))
    return ['Cache-Control', 'public, max-age=31536000, immutable'];
  if (expires === null) return [];
  if (expires < 0) return ['Expires', 'Thu, 01 Jan 1970 00:00:01 GMT', 'Cache-Control', 'no-cache'];
  const date = formatHttpDate(Math.floor(now / 1000) + expires);
  return ['Expires', date, 'Cache-Control', `max-age=${expires}`];
}
