// How long a client may keep a file without asking again: Cache-Control (RFC 9111 section 5.2, RFC 8246) and Expires, as
// nginx's "expires" writes them. Pure.

import type { Location } from '../../model/host.ts';
import { formatHttpDate } from './http-date.ts';

/** NAME.0123456789ab.EXT: Django's ManifestStaticFilesStorage names a file by a digest of its content. */
const hashedName = /\.[0-9a-f]{12}\.[^/.]+$/;
/** Only the app's author puts files here. A visitor may give an upload any name. */
const authored = '/static/';

/**
 * Fields, name and value in turn, for a file of this path (latin-1). `now` in milliseconds. Without a setting of the location, only a
 * file whose name is made from its content gets any.
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
