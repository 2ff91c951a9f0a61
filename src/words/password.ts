// Passwords as scrypt's digests, in the text form that passlib and others write: $scrypt$ln=15,r=8,p=1$SALT$DIGEST, both in base64
// without padding (RFC 7914, the PHC string format). Reads and writes the text; a caller brings scrypt itself.

/** What scrypt is called with, and what has to come of it. */
export interface PasswordDigest {
  /** The binary logarithm of scrypt's N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: string;
  readonly digest: string;
}

/** Of new digests: 32 MB and a tenth of a second for each try. */
export const usualCost = { ln: 15, r: 8, p: 1 } as const;
/** Bytes of a new salt and of a new digest. */
export const saltLength = 16;
export const digestLength = 32;
/** Bytes of memory that one try may take. Whoever writes the configuration decides; a mistake must not end the process. */
const mostMemory = 256 * 1024 * 1024;

const pattern =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{22,88})$/;

/** `salt`, `digest`: base64 without padding. null: the text is no such digest, or one that takes too much memory. */
export function readPasswordDigest(text: string): PasswordDigest | null {
  const found = pattern.exec(text);
  if (found === null) return null;
  const [ln, r, p] = found.slice(1, 4).map(Number) as [number, number, number];
  const isSound = ln >= 10 && ln <= 20 && r >= 1 && p >= 1 && p <= 16 && memoryOf({ ln, r }) <= mostMemory;
  return isSound ? { ln, r, p, salt: found[4] ?? '', digest: found[5] ?? '' } : null;
}

export function isPasswordDigest(text: string): boolean {
  return readPasswordDigest(text) !== null;
}

export function writePasswordDigest({ ln, r, p, salt, digest }: PasswordDigest): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt}$${digest}`;
}

/** Bytes of memory that scrypt takes. */
export function memoryOf({ ln, r }: Pick<PasswordDigest, 'ln' | 'r'>): number {
  return 128 * r * 2 ** ln;
}
