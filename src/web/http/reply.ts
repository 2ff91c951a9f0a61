// Answers to browsers: what every one of them says of itself, so that no other page can use, frame, keep or read it. Pure.

export interface Reply {
  readonly status: number;
  readonly fields: { readonly [name: string]: string };
  readonly body: string;
}

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Of every answer. */
export const guards: { readonly [name: string]: string } = {
  'Content-Security-Policy': policy,
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  // "no-referrer" would take away Origin, too.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'X-Robots-Tag': 'noindex, nofollow',
};

const uncached = { 'Cache-Control': 'no-store' } as const;

export function page(body: string, status = 200): Reply {
  return { status, fields: { 'Content-Type': 'text/html; charset=utf-8', ...uncached }, body };
}

export function plain(status: number, text: string, more: { readonly [name: string]: string } = {}): Reply {
  return {
    status,
    fields: { 'Content-Type': 'text/plain; charset=utf-8', ...uncached, ...more },
    body: `${text}\n`,
  };
}

/** To a page of our own, after a form: a reload of that page does not send the form again. `location`: a path. */
export function redirect(location: string, cookie: string | null = null): Reply {
  const set: { [name: string]: string } = cookie === null ? {} : { 'Set-Cookie': cookie };
  return { status: 303, fields: { Location: location, ...uncached, ...set }, body: '' };
}

/** A file of hostd's own, whose address changes with its content. */
export function file(type: string, body: string): Reply {
  return {
    status: 200,
    fields: { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable' },
    body,
  };
}

/** The secret for a session's cookie. "": the cookie is taken away. `isSecure`: it is for https alone. */
export function cookieOf(secret: string, isSecure: boolean): string {
  const rest = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  return secret === '' ? `${cookieName}=; ${rest}; Max-Age=0` : `${cookieName}=${secret}; ${rest}`;
}

const cookieName = 'hostd_session';

/** The secrets that the header has: another server of the same host name may have set a second one. */
export function secretsIn(header: string | undefined): readonly string[] {
  return (header ?? '')
    .split(';')
    .map(pair => pair.trim())
    .filter(pair => pair.startsWith(`${cookieName}=`))
    .map(pair => pair.slice(cookieName.length + 1))
    .slice(0, 4);
}
