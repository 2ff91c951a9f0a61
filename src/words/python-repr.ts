// Python's repr() of bytes and of texts, for messages that must equal Supervisor's to the byte. Pure.

import { isUtf8 } from 'node:buffer';

/** repr(b'...'). */
export function reprBytes(data: Uint8Array): string {
  const quote = data.includes(0x27) && !data.includes(0x22) ? '"' : "'";
  let text = '';
  for (const byte of data) text += reprByte(byte, quote);
  return `b${quote}${text}${quote}`;
}

function reprByte(byte: number, quote: string): string {
  const character = String.fromCharCode(byte);
  if (character === quote || character === '\\') return `\\${character}`;
  if (byte === 9) return '\\t';
  if (byte === 10) return '\\n';
  if (byte === 13) return '\\r';
  return byte < 0x20 || byte >= 0x7f ? `\\x${byte.toString(16).padStart(2, '0')}` : character;
}

/** repr('...') of a text without control characters, such as a name. */
export function reprText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return `${quote}${text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)}${quote}`;
}

/** The bytes as text, or "Undecodable: " and their repr where they are not UTF-8. */
export function decoded(data: Buffer): string {
  return isUtf8(data) ? data.toString() : `Undecodable: ${reprBytes(data)}`;
}
