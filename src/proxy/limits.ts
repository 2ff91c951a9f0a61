// Every bound that the worker keeps: sizes, counts, times. What happens at a bound is decided where it is used.

export interface Limits {
  /** Bytes of "METHOD target HTTP/1.1" (414). */
  readonly requestLine: number;
  /** Bytes of one header field, and of all of them (431). */
  readonly headerField: number;
  readonly headerTotal: number;
  /** Header fields of one request (431); gunicorn's own limit is 100. */
  readonly headerCount: number;
  /** Milliseconds from a connection's beginning to the end of its TLS handshake. */
  readonly handshakeMs: number;
  /** Milliseconds from a request's first byte to the end of its header. */
  readonly headerMs: number;
  /** Milliseconds between two reads of a request body. */
  readonly bodyGapMs: number;
  /** A body that comes for longer than bodyGapMs must have reached this many bytes a second on average. */
  readonly bodyMinRate: number;
  /** Milliseconds between two successful writes to the client. */
  readonly writeGapMs: number;
  /** Milliseconds that a connection without a request may stay open. */
  readonly idleMs: number;
  /** Milliseconds for the app to finish its answer after the client has closed its half. */
  readonly halfCloseMs: number;
  /** Milliseconds for which a refused client is still read from, so that it sees the answer. */
  readonly lingerMs: number;
  readonly requestsPerConnection: number;
  readonly connectionsPerClient: number;
  readonly connections: number;
  /** TLS handshakes under way, and those of one address. */
  readonly handshakes: number;
  readonly handshakesPerClient: number;
  /** Bytes of one request body that are kept in memory before the rest goes to a temporary file. */
  readonly bodyMemory: number;
  /** Bytes of all request bodies in memory, and of those of one address; past it, every body goes to a file. */
  readonly bodyMemoryTotal: number;
  readonly bodyMemoryPerClient: number;
  /** Bytes of all request bodies in files, and of those of one address (503); less where the disk has less (body-files.ts). */
  readonly bodyDisk: number;
  readonly bodyDiskPerClient: number;
  /** Bytes of one response that are kept for a slow client while the app is let go. */
  readonly responseMemory: number;
  /** Bytes of all responses, and of those of one address; past it, a response waits for its client after responseMemoryFloor bytes. */
  readonly responseMemoryTotal: number;
  readonly responseMemoryPerClient: number;
  readonly responseMemoryFloor: number;
  /** Milliseconds that a request waits for an app whose socket has a full backlog (503). */
  readonly queueMs: number;
  /** The same for a socket that nobody listens on (503): hostd holds it while an app restarts, so this app was stopped. */
  readonly absentMs: number;
  /** Requests of one site that may wait in this way, and those of one address among them. */
  readonly queueLength: number;
  readonly queuePerClient: number;
  /** Milliseconds between two reads from the app (504 before its header, else the connection ends). */
  readonly upstreamGapMs: number;
  /** Bytes of the app's response header (502). */
  readonly responseHeader: number;
  /** Milliseconds for a connection to an upstream to be made; then another is asked. */
  readonly upstreamConnectMs: number;
  /** Milliseconds until an upstream that is gone without a word is noticed in the middle of a request (tcp(7), TCP_USER_TIMEOUT). */
  readonly upstreamSilenceMs: number;
  /** Milliseconds that an upstream is left out at first, and at most. */
  readonly upstreamOutMs: number;
  readonly upstreamLongestOutMs: number;
  /** Milliseconds that an idle connection to the app is kept; gunicorn's keepalive is 2 seconds. */
  readonly upstreamIdleMs: number;
  readonly upstreamIdleConnections: number;
  /** Milliseconds that a WebSocket may go without a byte either way. */
  readonly tunnelIdleMs: number;
  /** Milliseconds after SIGTERM for an accepted connection to send its first request, or the rest of one. */
  readonly lastRequestMs: number;
  /** Milliseconds that open requests have after SIGTERM. */
  readonly drainMs: number;
  /** Milliseconds between two times that the note is written, where its memory cannot be shared with hostd. */
  readonly noteMs: number;
  /** Milliseconds between two times that a worker gives memory back: what malloc has free, and garbage once there is next to nothing to do. */
  readonly restMs: number;
}

export const defaultLimits: Limits = {
  requestLine: 8192,
  headerField: 8192,
  headerTotal: 32_768,
  headerCount: 100,
  handshakeMs: 10_000,
  headerMs: 60_000,
  bodyGapMs: 60_000,
  bodyMinRate: 64,
  writeGapMs: 60_000,
  idleMs: 75_000,
  halfCloseMs: 750,
  lingerMs: 5_000,
  requestsPerConnection: 1000,
  connectionsPerClient: 1000,
  connections: 16_384,
  handshakes: 2048,
  handshakesPerClient: 500,
  bodyMemory: 131_072,
  bodyMemoryTotal: 67_108_864,
  bodyMemoryPerClient: 16_777_216,
  bodyDisk: 17_179_869_184,
  bodyDiskPerClient: 5_368_709_120,
  responseMemory: 1_048_576,
  responseMemoryTotal: 134_217_728,
  responseMemoryPerClient: 33_554_432,
  responseMemoryFloor: 65_536,
  queueMs: 10_000,
  absentMs: 2000,
  queueLength: 1000,
  queuePerClient: 250,
  upstreamGapMs: 60_000,
  responseHeader: 32_768,
  upstreamConnectMs: 2000,
  upstreamSilenceMs: 5000,
  upstreamOutMs: 1000,
  upstreamLongestOutMs: 30_000,
  upstreamIdleMs: 1_500,
  upstreamIdleConnections: 32,
  tunnelIdleMs: 3_600_000,
  lastRequestMs: 2000,
  drainMs: 30_000,
  noteMs: 10_000,
  restMs: 10_000,
};

/**
 * The limits that the environment asks for: HOSTD_DRAIN_SECONDS, and HOSTD_PROXY_LIMITS, a JSON object of the names
 * above, for tests that can't wait a minute. Throws a plain Error for anything else.
 */
export function limitsFrom(environment: Readonly<Record<string, string | undefined>>): Limits {
  const limits: Record<keyof Limits, number> = { ...defaultLimits };
  const given: unknown = JSON.parse(environment['HOSTD_PROXY_LIMITS'] ?? '{}');
  for (const [name, value] of Object.entries(given as object)) {
    if (!(name in limits) || !isAmount(value)) {
      throw new Error(`cannot use HOSTD_PROXY_LIMITS: "${name}" is not a limit, or not a number`);
    }
    limits[name as keyof Limits] = value;
  }
  const drain = environment['HOSTD_DRAIN_SECONDS'];
  if (drain !== undefined) {
    if (!/^\d{1,6}$/.test(drain))
      throw new Error(`cannot use HOSTD_DRAIN_SECONDS: "${drain}" is not a number`);
    limits.drainMs = Number(drain) * 1000;
  }
  return limits;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
