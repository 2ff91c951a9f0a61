// Tells hostd all counters at once, as often as it is called, and only what has changed. What hostd did not take is told
// with the next round: the counters go on from the worker's start.

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
