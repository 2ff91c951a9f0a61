// Whether a certificate and a private key can serve: judged from their PEM texts. Reads no file.

// An import would load every export of node:crypto.
const crypto = process.getBuiltinModule('node:crypto');

/** What is wrong with the pair, in words that follow its site's name; null: it can serve. Expired ones can, as in nginx. */
export function pairProblem(certificate: string, key: string): string | null {
  let leaf: InstanceType<typeof crypto.X509Certificate>;
  try {
    leaf = new crypto.X509Certificate(certificate);
  } catch {
    return 'its certificate is no PEM certificate';
  }
  let secret: ReturnType<typeof crypto.createPrivateKey>;
  try {
    secret = crypto.createPrivateKey(key);
  } catch {
    return 'its certificate_key is no PEM private key, or has a passphrase';
  }
  return leaf.checkPrivateKey(secret) ? null : 'its certificate_key belongs to another certificate';
}

/** When the first certificate in the text stops being valid: Unix time in milliseconds; NaN where it can't be told. */
export function validUntil(certificate: string): number {
  try {
    return Date.parse(new crypto.X509Certificate(certificate).validTo);
  } catch {
    return Number.NaN;
  }
}
