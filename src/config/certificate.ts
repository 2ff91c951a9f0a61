// Judges whether a certificate and a private key can serve, by their PEM texts, which an app may have written. Reads no file.

import { type PrivateKey, readPrivateKey } from './private-key.ts';

type X509 = import('node:crypto').X509Certificate;

/** @throws for anything but a certificate. node:crypto takes a megabyte of memory, so it is loaded with the first one. */
function parsed(certificate: string): X509 {
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  return new X509Certificate(certificate);
}

/** Bits. A signature with a longer modulus takes so long that a few clients would hold up every site. */
const longestModulus = 4096;
const usable: ReadonlySet<string> = new Set(['rsa', 'rsa-pss', 'ec', 'ed25519']);

/** Bytes of one PEM file: a chain of ten has about 20 kB. */
export const longestPem = 262_144;

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/**
 * The pair to serve with, its key as PKCS #8; or what is wrong, in words that follow the site's name. An expired certificate can serve,
 * and so can a certificate for other names: faultOf tells of them.
 */
export function pairOf(certificate: string, key: string): Pair | string {
  let leaf: X509;
  try {
    leaf = parsed(certificate);
  } catch {
    return 'its certificate is no PEM certificate';
  }
  const secret = readPrivateKey(key);
  if (secret === 'none') return 'its certificate_key is no PEM private key, or has a passphrase';
  if (secret === 'unusable' || !canServe(secret))
    return `its certificate_key is neither RSA of at most ${longestModulus} bits nor of an elliptic curve`;
  if (!leaf.checkPrivateKey(secret)) return 'its certificate_key belongs to another certificate';
  return { certificate, key: secret.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function canServe(key: PrivateKey): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return usable.has(key.asymmetricKeyType ?? '') && bits <= longestModulus;
}

/** The facts that clients judge a certificate by. Times are Unix times in milliseconds. */
export interface CertificateFacts {
  readonly from: number;
  readonly until: number;
  /** Host names in lower case, wildcards included: from the subjectAltName (RFC 6125), or else the subject's common name. */
  readonly names: readonly string[];
}

/** Facts about the first certificate in a PEM text; null: there is none. */
export function factsOf(certificate: string): CertificateFacts | null {
  try {
    const { validFrom, validTo, subjectAltName, subject } = parsed(certificate);
    const alternative = [...(subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,"\s]+)/g)];
    const common = /^CN=(\S+)$/m.exec(subject ?? '');
    const found = alternative.length > 0 ? alternative : common === null ? [] : [common];
    const names = found.map(([, name = '']) => name.toLowerCase());
    return { from: Date.parse(validFrom), until: Date.parse(validTo), names };
  } catch {
    return null;
  }
}

/** The hosts (in lower case) that a certificate with these names does not cover. A wildcard stands for one label. */
export function uncovered(names: readonly string[], hosts: readonly string[]): readonly string[] {
  const all = new Set(names);
  return hosts.filter(host => !all.has(host) && !all.has(host.replace(/^[^.]*/, '*')));
}

/**
 * Why every client refuses the certificate at `now`, in words that follow the site's name; null: there is no such reason.
 * `hosts`: the site's. It is enough that the certificate covers one of them, since the others may be on their way out, or not public.
 */
export function faultOf(
  { from, until, names }: CertificateFacts,
  hosts: readonly string[],
  now: number,
): string | null {
  if (!(now < until)) return `its certificate is valid no more since ${dayOf(until)}`;
  if (now < from) return `its certificate is not valid before ${dayOf(from)}`;
  if (hosts.length === 0 || uncovered(names, hosts).length < hosts.length) return null;
  const [name = 'no name'] = names;
  const others = names.length > 1 ? ' and others' : '';
  return `its certificate is for ${name}${others}, and not for ${hosts[0]}`;
}

/** Days before a certificate's end on which the site's operator is told. */
const warningDays = [3, 14, 30] as const;
const dayMs = 86_400_000;

/** The last of those days that has come, in days before the end; null: none has come, or the end has. */
export function warningOf({ until }: CertificateFacts, now: number): number | null {
  return now < until ? (warningDays.find(days => now >= until - days * dayMs) ?? null) : null;
}

/** The next time at which there is something new to say: one of those days, the certificate's beginning or its end; null: never. */
export function nextMoment({ from, until }: CertificateFacts, now: number): number | null {
  const moments = [from, until, ...warningDays.map(days => until - days * dayMs)];
  return moments.filter(moment => moment > now).sort((a, b) => a - b)[0] ?? null;
}

/** "ends in 13 days, on 2026-12-11", "ends in 5 hours, on ...". */
export function describeEnd({ until }: CertificateFacts, now: number): string {
  const hours = Math.floor((until - now) / 3_600_000);
  const [number, unit] = hours >= 48 ? [Math.floor(hours / 24), 'day'] : [hours, 'hour'];
  return `ends in ${number} ${unit}${number === 1 ? '' : 's'}, on ${dayOf(until)}`;
}

/** 2026-12-11 (UTC). */
export function dayOf(time: number): string {
  return Number.isNaN(time) ? 'an unknown day' : new Date(time).toISOString().slice(0, 10);
}
