// Whether a certificate and a private key can serve: judged from their PEM texts. Reads no file.

// An import would load every export of node:crypto.
const crypto = process.getBuiltinModule('node:crypto');

/** A signature with a longer one takes so long that a few clients would hold up every site. */
const longestModulus = 4096;
const usable: ReadonlySet<string> = new Set(['rsa', 'rsa-pss', 'ec', 'ed25519']);

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
  const bits = secret.asymmetricKeyDetails?.modulusLength ?? 0;
  if (!usable.has(secret.asymmetricKeyType ?? '') || bits > longestModulus)
    return `its certificate_key is neither RSA of at most ${longestModulus} bits nor of an elliptic curve`;
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
