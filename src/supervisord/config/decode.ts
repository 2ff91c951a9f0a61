// Decodes a file's bytes as Python decodes UTF-8, with Python's words for bytes that are not.

import { ConfigError } from './values.ts';

/** Bytes of a piece: Python reads files in pieces, and counts from the beginning of a piece. */
const piece = 8192;

/** @throws ConfigError at the first bytes that are no UTF-8. */
export function decode(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true });
  const whole = text.decode(bytes);
  if (!whole.includes('\ufffd')) return whole;
  let start = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequence(bytes, at);
    const used = Math.max(1, length || sound(bytes, at));
    // A character that the end of a piece cuts is kept for the next one.
    const end = Math.ceil((at + 1) / piece) * piece;
    if (at % piece === 0 || (at < end && at + used > end)) start = at;
    if (length < 1) throw new ConfigError(complaint(bytes, at, start));
    at += length;
  }
  return whole;
}

/** The bounds of the second byte, by the first byte (RFC 3629, section 4). */
function second(first: number): readonly [number, number] {
  if (first === 0xe0) return [0xa0, 0xbf];
  if (first === 0xed) return [0x80, 0x9f];
  if (first === 0xf0) return [0x90, 0xbf];
  if (first === 0xf4) return [0x80, 0x8f];
  return [0x80, 0xbf];
}

function lengthBy(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/** How many bytes from `at` on are the sound beginning of a character. */
function sound(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = lengthBy(first);
  let good = 1;
  for (; good < length; good++) {
    const byte = bytes[at + good];
    const [least, most] = good === 1 ? second(first) : [0x80, 0xbf];
    if (byte === undefined || byte < least || byte > most) break;
  }
  return good;
}

/** Length of the character at `at`; 0: there is none. */
function sequence(bytes: Uint8Array, at: number): number {
  const length = lengthBy(bytes[at] ?? 0);
  return length > 0 && sound(bytes, at) === length ? length : 0;
}

function complaint(bytes: Uint8Array, at: number, start: number): string {
  const first = bytes[at] ?? 0;
  const good = lengthBy(first) === 0 ? 1 : sound(bytes, at);
  const isCut = lengthBy(first) > 0 && at + good >= bytes.length;
  const from = isCut ? 0 : at - start;
  const where =
    good === 1
      ? `byte 0x${first.toString(16).padStart(2, '0')} in position ${from}`
      : `bytes in position ${from}-${from + good - 1}`;
  const why =
    lengthBy(first) === 0
      ? 'invalid start byte'
      : isCut
        ? 'unexpected end of data'
        : 'invalid continuation byte';
  return `'utf-8' codec can't decode ${where}: ${why}`;
}
