// How a hand-over begins, and its two ends: the next generation takes over, or the current one goes on.

import type { Draft } from './draft.ts';
import { isDown } from './process.ts';
import { type Definition, type HandOver, type Job, mostGenerations } from './service.ts';

/** Starts the generation that the first hand-over asks for. Other hand-overs that wait for the same one join it. */
export function startNext<D extends Definition>(draft: Draft<D>, first: HandOver<D>, definition: D): void {
  const joins = (job: HandOver<D>) =>
    job.id === first.id || (first.definition === null && job.definition === null);
  for (const job of draft.service.jobs) {
    if (job.kind !== 'hand-over' || job.phase !== 'waiting' || !joins(job)) continue;
    draft.change({ ...job, phase: 'loading' });
    draft.effects.push({ kind: 'limit', job: job.id, ms: definition.rules.longestHandOver });
  }
  const next = draft.make(definition);
  draft.set({ next });
  draft.order(next, 'start');
}

/** The next generation gets the name. The one before finishes its work. */
export function takeOver<D extends Definition>(draft: Draft<D>): void {
  const { current, next, jobs } = draft.service;
  if (next === null) return;
  const takesOver = (job: Job<D>) =>
    job.kind === 'hand-over' && (job.phase === 'loading' || job.phase === 'ready');
  const last = jobs.findLastIndex(takesOver);
  // A scaling that was ordered before the reload was for the generation that the reload replaces.
  draft.overtake('reload', job => job.kind === 'scale' && jobs.indexOf(job) < last);
  draft.set({ current: next, next: null });
  if (current !== null) draft.retire(current, false);
  draft.hastenOld(mostGenerations);
  for (const job of jobs) {
    if (job.kind !== 'hand-over' || !takesOver(job)) continue;
    if (next.definition.rules.patient) draft.done(job.id, { kind: 'done' });
    else draft.change({ ...job, phase: 'draining' });
  }
}

/** The next generation is given up. The current one is started again if it has died meanwhile. */
export function keepCurrent<D extends Definition>(draft: Draft<D>, late: boolean): void {
  const { current, next, jobs } = draft.service;
  if (next === null) return;
  draft.dropNext();
  const state = current?.state;
  const restarted = state !== undefined && (isDown(state) || state.kind === 'stopping');
  if (restarted) draft.set({ due: 'now' });
  for (const job of jobs)
    if (job.kind === 'hand-over' && (job.phase === 'loading' || job.phase === 'ready'))
      draft.done(job.id, { kind: 'kept', generation: next.id, late, restarted });
}
