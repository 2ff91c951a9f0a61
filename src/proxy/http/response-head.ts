// The header of an app's answer, read strictly (RFC 9112 sections 4 to 6). A doubtful header makes a bad answer, so that
// no client and no later request is ever served from a misread one. Pure.

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly minor: 0 | 1;
  /** Names as the app spelled them, latin-1 values. */
  readonly fields: readonly Field[];
  /** How the body ends if there is one. HEAD, 204 and 304 are the caller's affair. */
  readonly framing: Framing;
  /** Whether the app means to keep the connection. */
  readonly persistent: boolean;
}

export interface Field {
  readonly name: string;
  readonly lower: string;
  readonly value: string;
}

export type Framing =
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

export type ParsedHead =
  | { readonly kind: 'more' }
  | { readonly kind: 'bad'; readonly why: string }
  /** `size`: bytes of the header, the empty line included. */
  | { readonly kind: 'head'; readonly head: ResponseHead; readonly size: number };

const more: ParsedHead = { kind: 'more' };
const bad = (why: string): ParsedHead => ({ kind: 'bad', why });

/** Reads latin-1 text that begins with a status line; `limit` is in bytes. */
export function parseResponseHead(text: string, limit: number): ParsedHead {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) {
    if (text.length > limit) return bad('header too large');
    return couldBegin(text) ? more : bad('not HTTP');
  }
  if (end + 4 > limit) return bad('header too large');
  let lineEnd = text.indexOf('\r\n');
  const line = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/.exec(text.slice(0, lineEnd));
  const reason = line?.[3] ?? '';
  if (line === null || !isValue(reason)) return bad('bad status line');

  const fields: Field[] = [];
  while (lineEnd < end) {
    const start = lineEnd + 2;
    lineEnd = text.indexOf('\r\n', start);
    const field = parseField(text, start, lineEnd);
    if (field === null) return bad('bad header field');
    fields.push(field);
  }
  const minor = line[1] === '0' ? 0 : 1;
  const framing = framingOf(fields, minor);
  if (framing === null) return bad('bad framing');
  const head: ResponseHead = {
    status: Number(line[2]),
    reason,
    minor,
    fields,
    framing,
    persistent: isPersistent(fields, minor),
  };
  return { kind: 'head', head, size: end + 4 } as const;
}

/** Whether this can be the beginning of an HTTP answer. An app that speaks no HTTP is found out at its first bytes, not at a timeout. */
function couldBegin(text: string): boolean {
  const start = 'HTTP/1.';
  return text.length < start.length ? start.startsWith(text) : text.startsWith(start);
}

function parseField(text: string, start: number, end: number): Field | null {
  let colon = start;
  while (colon < end && isTokenCode(text.charCodeAt(colon))) colon++;
  if (colon === start || text.charCodeAt(colon) !== 58) return null;
  let from = colon + 1;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  const name = text.slice(start, colon);
  const value = text.slice(from, to);
  return isValue(value) ? { name, lower: lowerCase(name), value } : null;
}

/** Field names in lower case, by spelling. Apps use few names, and spell each in one way. Bounded, since an app chooses them. */
const lowered = new Map<string, string>();

function lowerCase(name: string): string {
  const known = lowered.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (lowered.size < 1000 && name.length <= 40) lowered.set(name, lower);
  return lower;
}

const tokenCodes = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  tokenCodes[character.charCodeAt(0)] = 1;
}

function isTokenCode(code: number): boolean {
  return tokenCodes[code] === 1;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function isValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 32 && code !== 9) || code === 127) return false;
  }
  return true;
}

/** null for two lengths, a length with a coding, or a coding that is not exactly chunked on HTTP/1.1. */
function framingOf(fields: readonly Field[], minor: 0 | 1): Framing | null {
  let length: string | null = null;
  let coding: string | null = null;
  for (const { lower, value } of fields) {
    if (lower === 'content-length') {
      if (length !== null) return null;
      length = value;
    } else if (lower === 'transfer-encoding') {
      if (coding !== null) return null;
      coding = value;
    }
  }
  if (coding !== null) {
    return length === null && minor === 1 && coding.toLowerCase() === 'chunked' ? { kind: 'chunked' } : null;
  }
  if (length === null) return { kind: 'close' };
  return /^\d{1,15}$/.test(length) ? { kind: 'length', length: Number(length) } : null;
}

function isPersistent(fields: readonly Field[], minor: 0 | 1): boolean {
  let persistent = minor === 1;
  for (const { lower, value } of fields) {
    if (lower !== 'connection') continue;
    for (const token of value.toLowerCase().split(',')) {
      if (token.trim() === 'close') return false;
      if (token.trim() === 'keep-alive') persistent = true;
    }
  }
  return persistent;
}
