// HTTP's Basic authentication (RFC 7617) for the one user that a server of Supervisor's may have. Neither its time nor a log tells
// how much of a password was right. Pure.

import { createHash, timingSafeEqual } from 'node:crypto';
import { decodeBase64 } from '../../xmlrpc/read.ts';

export interface Login {
  readonly user: string;
  /** Clear, or {SHA} and 40 hexadecimal digits. */
  readonly password: string;
}

/** 'malformed' and 'broken': Supervisor answers these with 400 and 500. */
export type Judgement = 'yes' | 'no' | 'malformed' | 'broken';

/** `field`: the value of Authorization, or null. */
export function judge(field: string | null, login: Login): Judgement {
  const [, scheme = '', cookie = ''] = /^([^ ]+) (.*)$/.exec(field ?? '') ?? [];
  if (scheme.toLowerCase() !== 'basic') return 'no';
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decodeBase64(cookie));
  } catch {
    return 'malformed';
  }
  const colon = text.indexOf(':');
  if (colon < 0) return 'broken';
  const user = same(text.slice(0, colon), login.user);
  const password = text.slice(colon + 1);
  const right = login.password.startsWith('{SHA}')
    ? same(createHash('sha1').update(password).digest('hex'), login.password.slice(5))
    : same(password, login.password);
  return user && right ? 'yes' : 'no';
}

/** Compares digests, which have one length whatever the texts have. */
function same(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
