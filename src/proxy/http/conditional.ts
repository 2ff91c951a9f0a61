// If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since and If-Range against one file, with nginx's verdicts. Pure.

import { parseHttpDate } from './http-date.ts';

export interface Validators {
  /** A strong ETag, with its quotes. */
  readonly etag: string;
  /** Seconds since 1970. */
  readonly lastModified: number;
}

export interface Conditions {
  readonly ifMatch: string | null;
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
  readonly ifUnmodifiedSince: string | null;
}

export type Verdict = 'send' | 'not-modified' | 'failed';

/**
 * Where nginx differs from RFC 9110 section 13.2.2, nginx is followed: If-Modified-Since must be exactly the file's time,
 * and beside an If-None-Match both must hold for a 304.
 */
export function judge(conditions: Conditions, file: Validators): Verdict {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifUnmodifiedSince !== null && (parseHttpDate(ifUnmodifiedSince) ?? -1) < file.lastModified)
    return 'failed';
  if (ifMatch !== null && !matches(ifMatch, file.etag, false)) return 'failed';
  if (ifModifiedSince === null && ifNoneMatch === null) return 'send';
  if (ifModifiedSince !== null && parseHttpDate(ifModifiedSince) !== file.lastModified) return 'send';
  if (ifNoneMatch !== null && !matches(ifNoneMatch, file.etag, true)) return 'send';
  return 'not-modified';
}

/** Whether a Range counts: If-Range is absent, or exactly the file's validator (a weak one never is). */
export function rangeApplies(ifRange: string | null, file: Validators): boolean {
  if (ifRange === null) return true;
  if (ifRange.length >= 2 && ifRange.endsWith('"')) return ifRange === file.etag;
  return parseHttpDate(ifRange) === file.lastModified;
}

function matches(list: string, etag: string, weak: boolean): boolean {
  if (list.trim() === '*') return true;
  for (const member of list.split(',')) {
    const tag = member.trim();
    if (tag === etag || (weak && tag === `W/${etag}`)) return true;
  }
  return false;
}
