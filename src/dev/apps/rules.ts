// lifecycle's rules for what hostd dev runs: what has ended is not started again by itself, since the next page load does that. Pure.

import type { Policy } from '../../lifecycle/process.ts';
import type { Rules } from '../../lifecycle/service.ts';

/** Milliseconds that a program has to end before it is killed. */
const grace = 3000;
/** Milliseconds that a request waits for an app to come up. */
const longestStart = 30_000;

/** `serves`: whether it is RUNNING only once it accepts connections, not when it has been started. */
export function rulesFor(serves: boolean): Rules {
  const policy: Policy = {
    autorestart: 'never',
    exitcodes: [],
    startretries: 0,
    readiness: serves ? 'notified' : 'startsecs',
    startsecs: 0,
    stopsignal: 'SIGTERM',
    stopwait: grace,
  };
  // There is never a second generation.
  return {
    current: policy,
    next: policy,
    old: policy,
    patient: false,
    overlaps: false,
    longestHandOver: 0,
    longestStart,
  };
}
