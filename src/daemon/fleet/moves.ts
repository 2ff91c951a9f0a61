// Apps that move between this machine and their upstreams in an update: visitors are served by one or the other at every moment.

import { setTimeout as sleep } from 'node:timers/promises';
import { isElsewhere } from '../../model/elsewhere.ts';
import type { Host } from '../../model/host.ts';
import type { Supervisor } from './supervisor.ts';
import { isDown } from './unit.ts';
import { waitingIn } from './waiting.ts';

/** Milliseconds for the former proxy workers to have the answers of an app that leaves; then it is stopped all the same. */
const longestMs = 30_000;
/** Milliseconds in which a connection that a former worker has accepted may still send its request (proxy/limits.ts, lastRequestMs), and a second more. */
const lastRequestsMs = 3000;
const pauseMs = 20;

/** Names of the apps that are served by upstreams. */
export function elsewhereIn(host: Host | null): ReadonlySet<string> {
  return new Set(host?.apps.filter(isElsewhere).map(({ name }) => name));
}

/** To be called while the present proxy workers are in force. The result waits until none of them can send these apps a request any more, or waits for their answer. */
export function whenUnused(supervisor: Supervisor, apps: readonly string[]): () => Promise<void> {
  if (apps.length === 0) return async () => {};
  const workers = supervisor.units().filter(unit => unit.program.kind === 'proxy' && !isDown(unit));
  return async () => {
    const since = performance.now();
    const isUsed = () => {
      const up = workers.filter(worker => !isDown(worker));
      if (up.length === 0) return false;
      if (performance.now() - since < lastRequestsMs) return true;
      const waiting = waitingIn(up, 0);
      return apps.some(app => waiting.has(app));
    };
    while (isUsed() && performance.now() - since < longestMs) await sleep(pauseMs);
  };
}
