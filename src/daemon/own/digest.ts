// A digest of a text. Loaded this way, since an import would load every export of node:crypto.

const { createHash } = process.getBuiltinModule('node:crypto');

/** SHA-256 in hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
