// What crosses between hostctl doctor and its visitor: what to ask as an argument, the answers as a line on a pipe. The visitor parses
// what strangers say, so its line is checked, and every text in it is only ever shown.

/** A request as a visitor of a site would send it. */
export interface Visit {
  /** The caller's name for it. */
  readonly id: string;
  readonly to: Door;
  /** Where https goes that an answer redirects to; null: nobody speaks it here. */
  readonly secure: Door | null;
  readonly isSecure: boolean;
  /** Host header, and the name that is asked for in TLS. */
  readonly host: string;
  readonly path: string;
}

/** A TCP address, or a unix socket. */
export type Door = { readonly host: string; readonly port: number } | { readonly socket: string };

export interface VisitQuestion {
  readonly visits: readonly Visit[];
  /** Host names that are looked up as every program on this machine would (getaddrinfo(3)). */
  readonly names: readonly string[];
  /** Milliseconds for each visit with all its redirects. */
  readonly patience: number;
}

export interface Visited {
  readonly id: string;
  /** Of the last answer; 0: there was none. */
  readonly status: number;
  /** Why there was none: "ECONNREFUSED", "late", ...; "" where there was one. */
  readonly why: string;
  /** Where the answers redirected to, in their order. */
  readonly hops: readonly string[];
  /** Whether a redirect led to where the visitor had been. */
  readonly isLoop: boolean;
  /** Milliseconds until the last answer began. */
  readonly ms: number;
  /** The Server field of the last answer. */
  readonly server: string;
  /** The title of its page, or the beginning of a text. */
  readonly title: string;
  /** What TLS said, where it was spoken. */
  readonly tls: VisitedTls | null;
}

export interface VisitedTls {
  /** OpenSSL's word for what is wrong with the chain (X509_STORE_CTX_get_error(3)); null: nothing. */
  readonly fault: string | null;
}

export interface LookedUp {
  readonly name: string;
  readonly addresses: readonly string[];
  /** getaddrinfo's error ("ENOTFOUND", "EAI_AGAIN"), or "late"; null: there is none. */
  readonly error: string | null;
}

export interface VisitAnswer {
  readonly visited: readonly Visited[];
  readonly names: readonly LookedUp[];
}

/** Bytes of the longest answer that is read. */
export const longestAnswer = 256 * 1024;

/** The answer in the visitor's output; null: it is none. */
export function decodeVisit(line: string): VisitAnswer | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isObject(value) || !Array.isArray(value['visited']) || !Array.isArray(value['names'])) return null;
  return { visited: value['visited'].flatMap(toVisited), names: value['names'].flatMap(toLookedUp) };
}

function toVisited(value: unknown): readonly Visited[] {
  if (!isObject(value)) return [];
  const { id, status, why, hops, isLoop, ms, server, title, tls } = value;
  if (typeof id !== 'string' || !Number.isInteger(status) || typeof why !== 'string') return [];
  return [
    {
      id,
      status: Number(status),
      why,
      hops: texts(hops),
      isLoop: isLoop === true,
      ms: Number.isFinite(ms) ? Number(ms) : 0,
      server: text(server),
      title: text(title),
      tls: isObject(tls) ? { fault: typeof tls['fault'] === 'string' ? tls['fault'] : null } : null,
    },
  ];
}

function toLookedUp(value: unknown): readonly LookedUp[] {
  if (!isObject(value) || typeof value['name'] !== 'string') return [];
  const { name, addresses, error } = value;
  return [{ name, addresses: texts(addresses), error: typeof error === 'string' ? error : null }];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const text = (value: unknown) => (typeof value === 'string' ? value : '');
const texts = (value: unknown) => (Array.isArray(value) ? value.filter(one => typeof one === 'string') : []);
