// One way to serve many sites, as far as the rows need to know it.

import type { TestApp } from '../../integration/harness/apps.ts';
import type { Place } from '../../integration/harness/place.ts';

export interface Stack {
  /** For --only. */
  readonly name: string;
  /** Heads its column. */
  readonly title: string;
  /** Whether a site without visitors is stopped, after idleSeconds. */
  readonly sleeps: boolean;
  /** Starts everything, and resolves as soon as visitors may try. Returns their port on 127.0.0.1. */
  start(place: Place, sites: readonly TestApp[]): Promise<number>;
}

/** Seconds without a request after which a site of those that sleep is stopped. */
export const idleSeconds = 5;
