// Request target to path: one decoded, dot-resolved path, on which both routing and files are decided (RFC 9112
// section 3.2, RFC 3986 section 5.2.4). The app still gets the target as the client wrote it. Pure.

export interface Target {
  /** host[:port] of an absolute target; null for the usual origin form. */
  readonly authority: string | null;
  /** The origin form as the client wrote it. The app is sent this. */
  readonly uri: string;
  /** One latin-1 character per byte. Begins with "/" and has no "..", no "//", no NUL. */
  readonly path: string;
  /** Without "?"; null when there is none. */
  readonly query: string | null;
}

/** null: the request must be answered 400, since the target is no path, leads above the root, or has a bad escape or a NUL. */
export function parseTarget(raw: string): Target | null {
  if (raw.charCodeAt(0) === 47) return originForm(raw, null);
  const absolute = /^https?:\/\/([^/?#]+)(.*)$/i.exec(raw);
  if (absolute === null) return null;
  const [, authority = '', rest = ''] = absolute;
  return originForm(rest.startsWith('/') ? rest : `/${rest}`, authority);
}

function originForm(uri: string, authority: string | null): Target | null {
  if (isPlain(uri)) return { authority, uri, path: uri, query: null };
  const hash = uri.indexOf('#');
  const whole = hash === -1 ? uri : uri.slice(0, hash);
  const mark = whole.indexOf('?');
  const path = normalise(mark === -1 ? whole : whole.slice(0, mark));
  if (path === null) return null;
  return { authority, uri, path, query: mark === -1 ? null : whole.slice(mark + 1) };
}

/** Whether the target needs no decoding and no resolving, which is the common case. */
function isPlain(uri: string): boolean {
  let previous = 0;
  for (let i = 0; i < uri.length; i++) {
    const code = uri.charCodeAt(i);
    if (code === 37 || code === 63 || code === 35) return false; // % ? #
    if (previous === 47 && (code === 47 || code === 46)) return false; // "//", "/."
    previous = code;
  }
  return true;
}

/**
 * Percent-decodes once, then merges slashes and resolves dots, so an encoded slash or dot counts as one.
 * null when it would leave the root, or has a bad escape or a NUL.
 */
export function normalise(encoded: string): string | null {
  const decoded = decodeOnce(encoded);
  if (decoded === null) return null;
  const segments: string[] = [];
  let last = '';
  for (const segment of decoded.split('/').slice(1)) {
    last = segment;
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  const isDirectory = last === '' || last === '.' || last === '..';
  return segments.length === 0 ? '/' : `/${segments.join('/')}${isDirectory ? '/' : ''}`;
}

function decodeOnce(encoded: string): string | null {
  if (/%(?![0-9A-Fa-f]{2})|%00|\0/.test(encoded)) return null;
  return encoded.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
