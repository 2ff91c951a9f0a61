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

/** Bytes of an answer that are kept back while the app is replaced. */
const mostHeld = 65_536;

/** Whether a request may go out on a connection that had an answer before. `keepalive`: whether the site's app keeps connections. */
export function mayReuse(method: string, keepalive: boolean): boolean {
  return keepalive && repeatable.has(method);
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
export interface FailedTry extends Pick<AnswerFailure, 'kind' | 'begun'> {
  readonly isFirstTry: boolean;
  /** Whether its connection had an answer before. */
  readonly wasKept: boolean;
  /** mayBeMistaken() at that moment; false where the stream was not ended. */
  readonly isMistaken: boolean;
}

/** "again": on a new connection. Else the page to answer with. `showsRest`: if possible, what has come of the answer is shown instead. */
export type AfterFailure = 'again' | { readonly status: 502 | 504; readonly showsRest: boolean };

/** What becomes of a request whose answer has failed. */
export function afterFailure({ kind, begun, isFirstTry, wasKept, isMistaken }: FailedTry): AfterFailure {
  // The app has closed a kept connection while the request was on its way.
  const isUnread = wasKept && !begun;
  if (kind === 'closed' && isFirstTry && (isUnread || isMistaken)) return 'again';
  return { status: kind === 'timeout' ? 504 : 502, showsRest: kind !== 'bad' };
}
