// What stands behind a site, as a request sees it: one unix socket (app-connections.ts), or several upstreams (upstreams.ts). Types alone.

import type { Bearer } from '../guard.ts';
import type { AppConnection } from './app-connection.ts';
import type { Pending } from './pending.ts';

export type Got =
  | { readonly kind: 'connection'; readonly connection: AppConnection }
  /** The request waited in vain, or too many wait already: 503. */
  | { readonly kind: 'busy'; readonly why: string }
  /** Waiting mends nothing. */
  | { readonly kind: 'failed'; readonly why: string; readonly status: 502 | 504 };

/** A request that needs a connection. */
export interface Seeker extends Bearer {
  /** The network of its client. */
  readonly network: string;
  /** Whether it does not wait for an app that does not listen. */
  readonly isHasty: boolean;
  /** Whether nothing is lost when it meets a server that is about to fail. */
  readonly isRepeatable: boolean;
  /** Places of the upstreams that it has met in vain; null: none. Written by Upstreams alone. */
  tried: Set<number> | null;
  /** Whether it has asked the only upstream a second time. Written by Upstreams alone. */
  isAskedAgain: boolean;
  /** Called once. `waitedMs`: 0 where the first attempt was the last one. */
  got(got: Got, waitedMs: number): void;
}

/** A search that is under way. */
export interface Searching {
  /** Ends the search without a call of the seeker. Returns the milliseconds that it has waited. */
  giveUp(): number;
}

export interface Backend {
  /** Requests that wait for their answers. */
  readonly pending: Pending;
  /** Gives the seeker a connection at once, or returns the search for one. `reuse`: whether it may have had an answer before. */
  get(reuse: boolean, seeker: Seeker): Searching | null;
  /** Takes back a connection whose answer was read to a clean end, for another request. */
  put(connection: AppConnection): void;
  /** A connection of `get` has ended before a whole answer has come. Returns whether somebody else can be asked. */
  lost(connection: AppConnection, seeker: Seeker): boolean;
}
