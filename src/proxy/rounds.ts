// Tells hostd the counters that have changed, all at once, each time it is called. Counters that hostd did not take are told
// with the next round, since they count from the worker's start.

import type { TellFact } from './facts.ts';
import type { Worker } from './worker.ts';

export function makeRounds(worker: Worker, tell: TellFact): () => void {
  let told = 0;
  return () => {
    const { connections, requests, traffic } = worker;
    const facts = traffic?.news() ?? [];
    if (connections + requests !== told) facts.unshift({ kind: 'counts', connections, requests });
    if (facts.length === 0 || !tell(...facts)) return;
    told = connections + requests;
    traffic?.told();
  };
}
