// Which request may be sent again, and on which connection. Pure.

import type { AnswerFailure } from './app-connection.ts';

/** Methods that may be sent again, or on a connection that the app may be about to close (RFC 9110 section 9.2.2). */
const repeatable: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'PROPFIND',
  'REPORT',
]);

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const safe: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** How often a request is sent before it counts as one that no process of the app reads. */
const mostTries = 4;

/** Bytes of an answer that are kept back while the app is replaced. */
const mostHeld = 65_536;

/** Whether a request may go out on a connection that had an answer before. `keepalive`: whether the site's app keeps connections. */
export function mayReuse(method: string, keepalive: boolean): boolean {
  return keepalive && repeatable.has(method);
}

/** Whether a request may meet a server that is about to fail: it can be sent again. */
export function mayRepeat(method: string): boolean {
  return repeatable.has(method);
}

/** Whether the end of the stream may tell the app that the request is over. An app that takes it for a client that has left drops the request. */
export function mayEndStream(method: string): boolean {
  return safe.has(method);
}

/** A request that the app was told the end of by the end of the stream, while its answer comes. */
export interface EndedStream {
  /** Whether this is the request's first try. */
  readonly isFirstTry: boolean;
  /** Whether the client has been sent any of the answer. */
  readonly isAnswerShown: boolean;
  /** Whether every process that accepts is still known to be a sync worker. */
  readonly isSync: boolean;
  /** Bytes of the answer that are kept back. */
  readonly held: number;
}

/**
 * Whether an app of another kind may have found the request waiting in the socket, and may take its client for one that has left. Such
 * an app could break its answer off. So nothing is passed on yet, and the request can be sent again.
 */
export function mayBeMistaken({ isFirstTry, isAnswerShown, isSync, held }: EndedStream): boolean {
  return isFirstTry && !isAnswerShown && !isSync && held <= mostHeld;
}

/** A try that has failed. */
export interface FailedTry extends Pick<AnswerFailure, 'kind' | 'begun' | 'isUnread'> {
  readonly method: string;
  /** How often the request has been sent, with this try. */
  readonly tries: number;
  /** Whether its connection had an answer before. */
  readonly wasKept: boolean;
  /** mayBeMistaken() at that moment; false where the stream was not ended. */
  readonly isMistaken: boolean;
  /** Whether the client has been sent any of the answer. */
  readonly isShown: boolean;
  /** Whether another upstream can be asked that has not been. */
  readonly isElsewhere: boolean;
}

/**
 * "again": on a new connection. "again at once": unless nobody listens. "look": it is not sent again, and its client is told whether
 * anybody listens. Else the page to answer with. `showsRest`: if possible, what has come of the answer is shown instead.
 */
export type AfterFailure =
  | 'again'
  | 'again at once'
  | 'look'
  | { readonly status: 502 | 504; readonly showsRest: boolean };

/** What becomes of a request whose answer has failed. */
export function afterFailure(failed: FailedTry): AfterFailure {
  const { kind, begun, isUnread, method, tries, wasKept, isMistaken, isShown, isElsewhere } = failed;
  if (kind === 'closed') {
    // The app has closed a kept connection while the request was on its way.
    const metTheEnd = wasKept && !begun;
    if (tries === 1 && (metTheEnd || isMistaken)) return 'again';
    // A short answer is passed on when it is whole, so its client has seen nothing of one that breaks off.
    if (isElsewhere && !isShown && repeatable.has(method)) return 'again';
    // A server that ends closes what it has accepted and not read; who comes next may meet another that ends.
    if (isUnread && !begun && repeatable.has(method) && tries < mostTries) return 'again at once';
    // So does the kernel with what waits in a socket that is closed: the app could not be started.
    if (isUnread && !begun) return 'look';
  }
  return { status: kind === 'timeout' ? 504 : 502, showsRest: kind !== 'bad' };
}
