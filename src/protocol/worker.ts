// What crosses between hostd and a proxy worker. Root to worker: one Routes document, read to its end from the fd that
// HOSTD_ROUTES_FD names, before the first connection is accepted. Worker to root: facts, one JSON line each,
// on the fd that HOSTD_FACTS_FD names, a FIFO. Nothing that a worker says asks hostd to do anything.

import type { AccessLogFormat, Site } from '../model/host.ts';

/** Inherited fds: the listeners, then the logs. */
export interface Routes extends RouteSettings {
  readonly listeners: readonly Listener[];
  readonly sites: readonly RoutedSite[];
}

export interface Listener {
  readonly fd: number;
  readonly host: string;
  readonly port: number;
  readonly tls?: boolean;
}

/** What [proxy] says to the workers; see ProxySettings. */
export interface RouteSettings {
  readonly trustedProxies?: readonly string[];
  readonly defaultSite?: string | null;
  readonly accessLogFormat?: AccessLogFormat;
  readonly errorPages?: string | null;
  readonly acmeWebroot?: string | null;
  readonly types?: Readonly<Record<string, string>>;
}

/** A site with its logs, opened by hostd, append only; null: no log, since hostd could not open it safely. */
export interface RoutedSite extends Site {
  readonly accessLogFd: number | null;
  /** The log of what went wrong with this site's requests, for the site's operator. */
  readonly errorLogFd?: number | null;
  /** PEM texts, as hostd has read and judged them; null: no TLS. */
  readonly pem?: Pem | null;
  /** While it lasts, the app gets no requests. Files are still served. */
  readonly maintenance?: Maintenance | null;
  /** The file that exists while connections to the app may be half closed with the end of a request; null: never. */
  readonly halfClose?: string | null;
  /** A file that says why the app cannot be started, while that is so; null: nobody says it. */
  readonly downReason?: string | null;
  /**
   * Whether X-Forwarded-For is the client's address alone. A server that a `command` starts believes the first address in it, which
   * would otherwise be the client's own claim.
   */
  readonly clientAlone?: boolean;
  /** The workers ended again and again while they worked for this site. It gets 503, and nothing else is done for it. */
  readonly isLeftOut?: boolean;
  /** The uids that may own the app's socket; null: not known. */
  readonly socketOwners?: readonly number[] | null;
}

/** A certificate with its chain, and its private key. */
export interface Pem {
  readonly certificate: string;
  readonly key: string;
}

/** Seconds. */
export const defaultRetryAfter = 120;

/** `hostctl maintenance NAME on`. */
export interface Maintenance {
  /** Seconds, for Retry-After. */
  readonly retryAfter: number;
}

/** Bounds of a worker, and what happens past them. */
export const boundWords = {
  connections: 'connections have reached their bound: new ones are refused',
  handshakes: 'TLS handshakes have reached their bound: some are cut off',
  answers: 'answers that wait in memory have reached their bound: the apps have to wait',
  bodies: 'request bodies have reached their bound on the disk: they are refused with 503',
} as const;

export type Bound = keyof typeof boundWords;

/** Why a worker leaves out an upstream. */
export const upstreamFaults = {
  refused: 'it refuses connections',
  timeout: 'it does not answer',
  unreachable: 'there is no way to it',
  reset: 'it ends connections without an answer',
  health: 'it is not healthy',
} as const;

export type UpstreamFault = keyof typeof upstreamFaults;

export type Fact =
  /** The worker accepts from every listener. */
  | { readonly kind: 'ready' }
  /** The worker accepts no new connections, and finishes the open ones. */
  | { readonly kind: 'draining'; readonly connections: number }
  /** A bound was reached; told now and then while it is. */
  | { readonly kind: 'bound'; readonly what: Bound }
  /** One site's upstreams stand otherwise than before: the note (note.ts) has how. */
  | { readonly kind: 'upstreams'; readonly site: string };

/** Longest line that root reads from a worker, in bytes. */
export const factLimit = 4096;

/** The line that carries a fact. */
export function encodeFact(fact: Fact): string {
  return `${JSON.stringify(fact)}\n`;
}

/** The fact in one line; null: the line is not exactly one. */
export function decodeFact(line: string): Fact | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('kind' in value)) return null;
  switch (value.kind) {
    case 'ready':
      return { kind: 'ready' };
    case 'draining':
      return 'connections' in value && isCount(value.connections)
        ? { kind: 'draining', connections: value.connections }
        : null;
    case 'bound':
      return 'what' in value && typeof value.what === 'string' && Object.hasOwn(boundWords, value.what)
        ? { kind: 'bound', what: value.what as Bound }
        : null;
    case 'upstreams':
      return 'site' in value && typeof value.site === 'string'
        ? { kind: 'upstreams', site: value.site }
        : null;
    default:
      return null;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
