// One request's header fields, read once: what the worker decides on and what the app gets, or the reason for a refusal. Pure.
// Trusts the parser for line endings and field syntax only. Counts and framing are judged again here.

import type { Limits } from '../limits.ts';

export interface RequestHead {
  /** null only for HTTP/1.0. */
  readonly host: string | null;
  /** null: the body is chunked, or there is none. */
  readonly contentLength: number | null;
  readonly chunked: boolean;
  /** Whether the client waits for "100 Continue" before it sends the body. */
  readonly expectsContinue: boolean;
  /** Whether the client asks for an upgrade, and whether to a WebSocket. */
  readonly upgrade: 'none' | 'websocket' | 'other';
  /** X-Forwarded-For and X-Forwarded-Proto, the lines of each joined, or null. */
  readonly forwardedFor: string | null;
  readonly forwardedProto: string | null;
  /** "Name: value\\r\\n" of X-Forwarded-Host and -Port. They pass only where the peer is a trusted proxy. */
  readonly forwardedPlace: string;
  /** The first X-Request-Id, not judged, or null. */
  readonly requestId: string | null;
  /** The first line of each field that files or logs need. */
  readonly fields: ReadonlyMap<KeptField, string>;
  /** "Name: value\\r\\n" of every field that passes to the app unchanged. */
  readonly passed: string;
}

export type KeptField =
  | 'accept-encoding'
  | 'authorization'
  | 'if-match'
  | 'if-modified-since'
  | 'if-none-match'
  | 'if-range'
  | 'if-unmodified-since'
  | 'range'
  | 'referer'
  | 'user-agent';

export interface Refusal {
  readonly refuse: 400 | 431 | 501;
}

type Kind =
  | 'pass'
  | 'keep'
  /** Kept, and refused when it comes twice, as nginx does: such a field has one value only (RFC 9110 section 5.3). */
  | 'once'
  /** Dropped: it is hop-by-hop, or the worker sets it itself, or only a proxy may claim it. */
  | 'drop'
  | 'host'
  | 'content-length'
  | 'transfer-encoding'
  | 'connection'
  | 'expect'
  | 'upgrade'
  | 'x-forwarded-for'
  | 'x-forwarded-proto'
  | 'forwarded-place'
  | 'x-request-id';

const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['host', 'host'],
  ['content-length', 'content-length'],
  ['transfer-encoding', 'transfer-encoding'],
  ['connection', 'connection'],
  ['expect', 'expect'],
  ['upgrade', 'upgrade'],
  ['x-forwarded-for', 'x-forwarded-for'],
  ['x-forwarded-proto', 'x-forwarded-proto'],
  ['x-forwarded-host', 'forwarded-place'],
  ['x-forwarded-port', 'forwarded-place'],
  ['x-request-id', 'x-request-id'],
  ['keep-alive', 'drop'],
  ['proxy-connection', 'drop'],
  ['te', 'drop'],
  ['trailer', 'drop'],
  ['http2-settings', 'drop'],
  ['proxy', 'drop'], // httpoxy: CGI would make it HTTP_PROXY
  ['forwarded', 'drop'],
  ['x-real-ip', 'drop'],
  ['authorization', 'once'],
  ['if-match', 'once'],
  ['if-modified-since', 'once'],
  ['if-none-match', 'once'],
  ['if-range', 'once'],
  ['if-unmodified-since', 'once'],
  ['accept-encoding', 'keep'],
  ['range', 'keep'],
  ['referer', 'keep'],
  ['user-agent', 'keep'],
]);

/** Names as clients spell them, so that most need no lower-casing. Bounded, since clients choose them. */
const spelled = new Map<string, { readonly kind: Kind; readonly lower: string }>();
const spelledLimit = 2000;

function classify(name: string): { readonly kind: Kind; readonly lower: string } {
  const known = spelled.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const field = { kind: kinds.get(lower) ?? unlisted(lower), lower };
  if (spelled.size < spelledLimit && name.length <= 40) spelled.set(name, field);
  return field;
}

/** WSGI can't tell "_" from "-", so SCRIPT_NAME or X_FORWARDED_PROTO must not get through. nginx drops such names too. */
function unlisted(lower: string): Kind {
  return /^[a-z0-9-]+$/.test(lower) && !lower.startsWith('x-forwarded-') ? 'pass' : 'drop';
}

/**
 * Reads raw fields (name, value, name, value ...; latin-1). `version` is "1.0" or "1.1".
 */
export function readRequestHead(
  raw: readonly string[],
  version: string,
  limits: Limits,
): RequestHead | Refusal {
  if (raw.length > limits.headerCount * 2) return { refuse: 431 };
  const fields = new Map<KeptField, string>();
  let host: string | null = null;
  let length: string | null = null;
  let coding: string | null = null;
  let connection: string | null = null;
  let expect: string | null = null;
  let upgrade: string | null = null;
  let forwardedFor: string | null = null;
  let forwardedProto: string | null = null;
  let forwardedPlace = '';
  let requestId: string | null = null;
  let total = 0;
  let passed = '';

  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const size = name.length + value.length + 4;
    total += size;
    if (size > limits.headerField || total > limits.headerTotal) return { refuse: 431 };
    const { kind, lower } = classify(name);
    switch (kind) {
      case 'pass':
        passed += `${name}: ${value}\r\n`;
        break;
      case 'once':
        if (fields.has(lower as KeptField)) return { refuse: 400 };
        passed += `${name}: ${value}\r\n`;
        fields.set(lower as KeptField, value);
        break;
      case 'keep':
        passed += `${name}: ${value}\r\n`;
        if (!fields.has(lower as KeptField)) fields.set(lower as KeptField, value);
        break;
      case 'host':
        if (host !== null) return { refuse: 400 };
        host = value;
        break;
      case 'content-length':
        if (length !== null) return { refuse: 400 };
        length = value;
        break;
      case 'transfer-encoding':
        if (coding !== null) return { refuse: 400 };
        coding = value;
        break;
      case 'connection':
        connection = connection === null ? value : `${connection},${value}`;
        break;
      case 'expect':
        if (expect !== null) return { refuse: 400 };
        expect = value;
        break;
      case 'upgrade':
        upgrade = upgrade === null ? value : `${upgrade},${value}`;
        break;
      case 'x-forwarded-for':
        forwardedFor = forwardedFor === null ? value : `${forwardedFor}, ${value}`;
        break;
      case 'x-forwarded-proto':
        forwardedProto = forwardedProto === null ? value : `${forwardedProto}, ${value}`;
        break;
      case 'forwarded-place':
        forwardedPlace += `${name}: ${value}\r\n`;
        break;
      case 'x-request-id':
        requestId ??= value;
        break;
      case 'drop':
        break;
    }
  }

  const refused = refuseFraming(length, coding, version);
  if (refused !== null) return refused;
  if (host === null && version !== '1.0') return { refuse: 400 };
  const listed =
    connection === null || isUsual(connection) ? null : listTokens(connection, limits.headerCount);
  if (listed === 'too-many') return { refuse: 431 };
  return {
    host,
    contentLength: length === null ? null : Number(length),
    chunked: coding !== null,
    expectsContinue: expect?.toLowerCase() === '100-continue' && version === '1.1',
    upgrade: upgradeOf(upgrade, listed),
    forwardedFor,
    forwardedProto,
    forwardedPlace,
    requestId,
    fields,
    passed: listed === null ? passed : withoutListed(passed, listed),
  };
}

/** RFC 9112 section 6: the only framings are one plain length, and exactly "chunked" on HTTP/1.1. Anything else may be smuggling. */
function refuseFraming(length: string | null, coding: string | null, version: string): Refusal | null {
  if (length !== null && (coding !== null || !/^\d{1,15}$/.test(length))) return { refuse: 400 };
  if (coding === null) return null;
  if (version !== '1.1') return { refuse: 400 };
  return coding.toLowerCase() === 'chunked' ? null : { refuse: 501 };
}

function isUsual(connection: string): boolean {
  return connection === 'keep-alive' || connection === 'close' || connection === 'Keep-Alive';
}

/** The names in a Connection field. No request has more fields than `most`, so none has more to name. */
function listTokens(connection: string, most: number): ReadonlySet<string> | 'too-many' {
  const members = connection.toLowerCase().split(',', most + 1);
  return members.length > most ? 'too-many' : new Set(members.map(token => token.trim()));
}

function upgradeOf(upgrade: string | null, listed: ReadonlySet<string> | null): RequestHead['upgrade'] {
  if (upgrade === null || listed === null || !listed.has('upgrade')) return 'none';
  return upgrade.trim().toLowerCase() === 'websocket' ? 'websocket' : 'other';
}

/** RFC 9110 section 7.6.1. Host, length and X-Forwarded-* are not in `passed`, so no client can have them removed. */
function withoutListed(passed: string, listed: ReadonlySet<string>): string {
  return passed
    .split('\r\n')
    .filter(line => !listed.has(line.slice(0, line.indexOf(':')).toLowerCase()))
    .join('\r\n');
}
