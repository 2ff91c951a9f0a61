// The requests that wait for the apps' answers, as the proxy's workers have noted them.

import { historyOf } from '../proxies/worker-history.ts';
import type { Unit } from './unit.ts';

export interface Waiting {
  readonly requests: number;
  /** Age of the oldest. */
  readonly seconds: number;
}

/** By site, those that have any. `now`: Unix time in seconds. */
export function waitingIn(units: Iterable<Unit>, now: number): ReadonlyMap<string, Waiting> {
  const sum = new Map<string, Waiting>();
  for (const unit of units) {
    if (unit.program.kind !== 'proxy') continue;
    for (const [site, { requests, since }] of historyOf(unit).pending()) {
      if (requests === 0 || since === 0) continue;
      const other = sum.get(site);
      const seconds = Math.max(0, now - since, other?.seconds ?? 0);
      sum.set(site, { requests: requests + (other?.requests ?? 0), seconds });
    }
  }
  return sum;
}
