// Reads the private key in a PEM file that anybody may have written: finds its kind, and the length of its numbers, from the bytes
// alone. OpenSSL only gets RSA, elliptic curves and Ed25519 of ordinary lengths. It would compute the public half of a DSA or DH key
// while it reads, and at each handshake an RSA key with whatever primes the file claims. With numbers that fill a few kilobytes that
// takes minutes.

export type PrivateKey = import('node:crypto').KeyObject;

/** Bytes: RSA of 4096 bits has 2400. */
const longest = 4000;
/** Bytes of an RSA modulus, and of its public exponent. Each number may have a zero before it. */
const longestModulus = 512;
const longestExponent = 8;

/** Object identifiers of PKCS #8 (RFC 5958), in hexadecimal digits: rsaEncryption, RSASSA-PSS, id-ecPublicKey, Ed25519. */
const algorithms: ReadonlySet<string> = new Set([
  '2a864886f70d010101',
  '2a864886f70d01010a',
  '2a8648ce3d0201',
  '2b6570',
]);

/** The beginning of both RSA identifiers. */
const rsa = '2a864886f70d0101';

const integer = 0x02;
const octets = 0x04;
const objectIdentifier = 0x06;
const sequence = 0x30;

/** The first private key of a PEM text, which may also have a chain in it. 'none': no key, or a key with a passphrase. */
export function readPrivateKey(pem: string): PrivateKey | 'none' | 'unusable' {
  const body = firstBody(pem);
  if (body === null) return 'none';
  const der = Buffer.from(body, 'base64');
  const type = der.length > longest ? null : typeOf(der);
  if (type === null) return 'unusable';
  try {
    // node:crypto takes a megabyte of memory, so it is loaded with the first key.
    return process.getBuiltinModule('node:crypto').createPrivateKey({ key: der, format: 'der', type });
  } catch {
    return 'none';
  }
}

/** The text between the lines of the first private key; null: there is none, or it has a passphrase. */
function firstBody(pem: string): string | null {
  const begin = /-----BEGIN ([^\n-]{0,20} )?PRIVATE KEY-----/.exec(pem);
  if (begin === null || begin[1] === 'ENCRYPTED ') return null;
  const start = begin.index + begin[0].length;
  const end = pem.indexOf('-----END ', start);
  const body = pem.slice(start, end < 0 ? pem.length : end);
  return end < 0 || body.includes(':') ? null : body;
}

/** The type by the structure, whatever the PEM says: SEQUENCE { INTEGER, ... } of PKCS #1, SEC 1 or PKCS #8. */
function typeOf(der: Buffer): 'pkcs1' | 'sec1' | 'pkcs8' | null {
  const whole = elementAt(der, 0);
  const version = whole?.tag === sequence ? elementAt(der, whole.start) : null;
  const next = version?.tag === integer ? elementAt(der, version.end) : null;
  if (next?.tag === integer) return isOrdinaryRsa(der, 0) ? 'pkcs1' : null;
  if (next?.tag === octets) return 'sec1';
  const algorithm = next?.tag === sequence ? elementAt(der, next.start) : null;
  if (next === null || algorithm?.tag !== objectIdentifier) return null;
  const name = der.toString('hex', algorithm.start, algorithm.end);
  const isRsa = name.startsWith(rsa);
  const key = isRsa ? elementAt(der, next.end) : null;
  const isSound = !isRsa || (key?.tag === octets && isOrdinaryRsa(der, key.start));
  return algorithms.has(name) && isSound ? 'pkcs8' : null;
}

/** Whether the numbers of an RSAPrivateKey (RFC 8017, A.1.2) are as long as with two primes of half the modulus' length. */
function isOrdinaryRsa(der: Buffer, at: number): boolean {
  const lengths: number[] = [];
  const whole = elementAt(der, at);
  if (whole?.tag !== sequence) return false;
  for (let next = whole.start; next < whole.end; ) {
    const element = elementAt(der, next);
    if (element?.tag !== integer) return false;
    lengths.push(element.end - element.start);
    next = element.end;
  }
  const [version = 0, modulus = 0, exponent = 0, secret = 0, ...ofPrimes] = lengths;
  return (
    lengths.length === 9 &&
    version === 1 &&
    modulus <= longestModulus + 1 &&
    exponent <= longestExponent + 1 &&
    secret <= modulus &&
    // The primes of a key may differ a little in length.
    ofPrimes.every(length => length <= modulus / 2 + 9)
  );
}

/** One element of DER (X.690, 8.1), its contents from `start` to `end`; null: there is no whole element. */
function elementAt(
  der: Buffer,
  at: number,
): { readonly tag: number; readonly start: number; readonly end: number } | null {
  const tag = der[at];
  const first = der[at + 1];
  if (tag === undefined || first === undefined) return null;
  const more = first < 0x80 ? 0 : first - 0x80;
  // The element has no length (0x80), or a longer one than any key needs.
  if (first === 0x80 || more > 3 || at + 2 + more > der.length) return null;
  const length = more === 0 ? first : der.readUIntBE(at + 2, more);
  const start = at + 2 + more;
  return start + length > der.length ? null : { tag, start, end: start + length };
}
