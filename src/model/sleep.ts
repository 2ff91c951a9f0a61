// Which programs sleep while nobody needs them. Pure.

import type { Program } from './host.ts';

/** Whether a program may sleep at all. */
export function maySleep(program: Program): boolean {
  return sleepKeys(program).length > 0;
}

/** The keys of hostd.toml that say so. */
export function sleepKeys({
  idleTimeout = null,
  onDemand,
  sleepsWithApp,
  schedule,
}: Program): readonly string[] {
  // It is down but for its own times.
  if (schedule !== null) return [];
  return [
    ...(idleTimeout === null ? [] : ['idle_timeout']),
    ...(onDemand === true ? ['on_demand'] : []),
    ...(sleepsWithApp === true ? ['sleeps_with_app'] : []),
  ];
}
