// Whether a certificate and a private key can serve: judged from their PEM texts, which may be an app's. Reads no file.

import { type PrivateKey, readPrivateKey } from './private-key.ts';

// An import would load every export of node:crypto.
const crypto = process.getBuiltinModule('node:crypto');

/** A signature with a longer one takes so long that a few clients would hold up every site. */
const longestModulus = 4096;
const usable: ReadonlySet<string> = new Set(['rsa', 'rsa-pss', 'ec', 'ed25519']);

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/**
 * The pair as it is handed to whoever serves with it; or what is wrong, in words that follow its site's name. The key is PKCS #8 then,
 * whatever else was in its file. Expired certificates can serve, as in nginx.
 */
export function pairOf(certificate: string, key: string): Pair | string {
  let leaf: InstanceType<typeof crypto.X509Certificate>;
  try {
    leaf = new crypto.X509Certificate(certificate);
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

/** When the first certificate in the text stops being valid: Unix time in milliseconds; NaN where it can't be told. */
export function validUntil(certificate: string): number {
  try {
    return Date.parse(new crypto.X509Certificate(certificate).validTo);
  } catch {
    return Number.NaN;
  }
}
