// Which request may be sent again, and on which connection. Pure: a rule sees what is known and gives its verdict.

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

/** Whether the app may be told by the end of the stream that the request is over: it could lose one that it takes for a client who has left. */
export function mayEndStream(method: string): boolean {
  return safe.has(method);
}

/** A request whose end the app was told by the end of the stream, while its answer comes. */
export interface EndedStream {
  /** Whether it was sent for the first time. */
  readonly isFirstTry: boolean;
  /** Whether the client has been sent any of the answer. */
  readonly isAnswerShown: boolean;
  /** Whether every process that accepts is still known to be a sync worker. */
  readonly isSync: boolean;
  /** Bytes of the answer that are kept back. */
  readonly held: number;
}

/**
 * Whether an app of another kind may have found the request waiting in the socket, and have taken its client for one who has left:
 * nothing is passed on that it could leave unfinished, so that the request can be sent again.
 */
export function mayBeMistaken({ isFirstTry, isAnswerShown, isSync, held }: EndedStream): boolean {
  return isFirstTry && !isAnswerShown && !isSync && held <= mostHeld;
}

/** A try that has failed. */
export interface FailedTry extends Pick<AnswerFailure, 'kind' | 'begun'> {
  readonly isFirstTry: boolean;
  /** Whether its connection had an answer before. */
  readonly wasKept: boolean;
  /** As mayBeMistaken() has it; false where the stream was not ended. */
  readonly isMistaken: boolean;
}

/** "again": on a new connection. Else the page to answer with, and whether what has come of the answer is shown instead, if it can be. */
export type AfterFailure = 'again' | { readonly status: 502 | 504; readonly showsRest: boolean };

/** What becomes of a request whose answer has failed. */
export function afterFailure({ kind, begun, isFirstTry, wasKept, isMistaken }: FailedTry): AfterFailure {
  // The app has closed a connection that it kept while the request was on its way.
  const isUnread = wasKept && !begun;
  if (kind === 'closed' && isFirstTry && (isUnread || isMistaken)) return 'again';
  return { status: kind === 'timeout' ? 504 : 502, showsRest: kind !== 'bad' };
}
