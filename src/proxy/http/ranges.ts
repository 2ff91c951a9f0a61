// The Range header against a file's size, with nginx's verdicts (RFC 9110 section 14). Pure.

/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export type Ranges =
  /** Send the whole file. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'parts'; readonly parts: readonly [ByteRange, ...ByteRange[]] }
  /** 416. */
  | { readonly kind: 'unsatisfiable' };

const whole: Ranges = { kind: 'whole' };
const unsatisfiable: Ranges = { kind: 'unsatisfiable' };

/** With more parts than this the framing is not worth it: the whole file is sent. */
export const maxParts = 64;

export function parseRange(header: string | null, size: number): Ranges {
  if (header === null || header.length < 7 || !/^bytes=/i.test(header)) return whole;
  const parts: ByteRange[] = [];
  let sum = 0;
  for (const text of header.slice(6).split(',')) {
    const part = parsePart(text, size);
    if (part === null) return unsatisfiable;
    if (part.start < part.end) {
      parts.push(part);
      sum += part.end - part.start;
      if (parts.length > maxParts) return whole;
    } else if (part.start === 0) {
      return whole; // an empty file
    }
  }
  const [first, ...rest] = parts;
  if (first === undefined) return unsatisfiable;
  return sum > size ? whole : { kind: 'parts', parts: [first, ...rest] };
}

/** null: the text is no range. A range beyond the file comes back empty. */
function parsePart(text: string, size: number): ByteRange | null {
  const digits = /^(?:(\d+) *- *(\d*)|-(\d+))$/.exec(stripSpaces(text));
  if (digits === null) return null;
  const [, from, to = '', suffix] = digits;
  if (suffix !== undefined)
    return isHuge(suffix) ? null : { start: Math.max(0, size - Number(suffix)), end: size };
  if (from === undefined || isHuge(from) || isHuge(to)) return null;
  return { start: Number(from), end: to === '' ? size : Math.min(Number(to) + 1, size) };
}

/** The text without spaces at both ends. Tabs stay. One pass, however many spaces there are. */
function stripSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) === 32) start++;
  while (end > start && text.charCodeAt(end - 1) === 32) end--;
  return text.slice(start, end);
}

const longest = '9223372036854775807';

/**
 * Whether the number does not fit 64 bits, nginx's bound. Numbers below it that a double can't hold exactly are beyond every file
 * anyway. The digits are compared as text: making a number of thousands of digits takes long.
 */
function isHuge(digits: string): boolean {
  if (digits.length < longest.length) return false;
  let start = 0;
  while (start < digits.length - 1 && digits.charCodeAt(start) === 48) start++;
  const length = digits.length - start;
  return length > longest.length || (length === longest.length && digits.slice(start) > longest);
}
