// What follows by itself after every event: generations take over, end and are started, and jobs end.

import type { Draft } from './draft.ts';
import { isDown } from './process.ts';
import type { Definition, HandOver, Job, Outcome, Service } from './service.ts';
import { keepCurrent, startNext, takeOver } from './succession.ts';

type ScaleJob<D> = Extract<Job<D>, { kind: 'scale' }>;

export function settle<D extends Definition>(draft: Draft<D>): void {
  for (let before: Service<D> | null = null; before !== draft.service; ) {
    before = draft.service;
    bury(draft);
    succeed(draft);
    inherit(draft);
    startDue(draft);
    rest(draft);
    handOver(draft);
    scale(draft);
  }
  for (const job of draft.service.jobs) {
    const outcome = outcomeOf(draft.service, job);
    if (outcome !== null) draft.done(job.id, outcome);
  }
}

/** Forgets old generations that are down, and a removed program's current one once it is down. */
function bury<D extends Definition>(draft: Draft<D>): void {
  const { old, removing, current, heir } = draft.service;
  const alive = old.filter(({ state }) => !isDown(state));
  if (alive.length < old.length) draft.set({ old: alive });
  if (removing && heir === null && current !== null && isDown(current.state)) draft.set({ current: null });
}

function succeed<D extends Definition>(draft: Draft<D>): void {
  const { next, jobs } = draft.service;
  if (next === null) return;
  if (isDown(next.state)) keepCurrent(draft, false);
  if (next.state.kind !== 'running') return;
  const job = jobs.find(one => one.kind === 'hand-over' && one.asks && one.phase === 'loading');
  if (job?.kind === 'hand-over') {
    draft.change({ ...job, phase: 'ready' });
    draft.effects.push({ kind: 'ready', job: job.id });
  } else if (!jobs.some(one => one.kind === 'hand-over' && one.phase === 'ready')) takeOver(draft);
}

function inherit<D extends Definition>(draft: Draft<D>): void {
  const { heir, current, jobs } = draft.service;
  if (heir === null || (current !== null && !isDown(current.state))) return;
  // The heir's runs count on from the last one.
  const state = { ...heir.state, run: current?.state.run ?? heir.state.run };
  draft.set({ current: { ...heir, state }, heir: null });
  for (const job of jobs) if (job.kind === 'replace') draft.done(job.id, { kind: 'done' });
}

function startDue<D extends Definition>(draft: Draft<D>): void {
  const { due, current, heir, next } = draft.service;
  if (due !== 'now' || current === null || heir !== null || next !== null) return;
  draft.set({ due: 'no' });
  draft.order(current, 'start');
}

/** A scheduled program that is down sleeps until its time comes. */
function rest<D extends Definition>(draft: Draft<D>): void {
  const { current, heir, due, wanted, asleep } = draft.service;
  if (asleep || wanted === 'down' || due !== 'no' || heir !== null || current === null) return;
  if (current.definition.rules.scheduled && isDown(current.state)) draft.set({ asleep: true });
}

/** Starts the oldest hand-over, ends it, or lets it wait on. */
function handOver<D extends Definition>(draft: Draft<D>): void {
  const { jobs, next, heir, due, current, wanted, asleep } = draft.service;
  const job = jobs.find(one => one.kind === 'hand-over' && one.phase === 'waiting');
  if (job?.kind !== 'hand-over' || next !== null || heir !== null || due !== 'no') return;
  if (job.definition === null) reload(draft, job);
  else if (wanted === 'up' && !asleep) startNext(draft, job, job.definition);
  else if (current === null || isDown(current.state)) {
    // The program is down on purpose: its next start uses this definition.
    draft.set({ current: draft.make(job.definition) });
    draft.done(job.id, { kind: 'done' });
  }
}

function reload<D extends Definition>(draft: Draft<D>, job: HandOver<D>): void {
  const { current, removing, old } = draft.service;
  const state = removing ? null : (current?.state ?? null);
  const returns = state?.kind === 'starting' || (state?.kind === 'stopping' && state.next === 'starting');
  if (returns) return;
  if (current === null || state?.kind !== 'running') draft.done(job.id, { kind: 'refused', state });
  // Never more than two generations in memory.
  else if (old.length === 0 || current.definition.rules.patient) startNext(draft, job, current.definition);
}

/** Orders the run that has the name to have so many workers, once for each run. */
function scale<D extends Definition>(draft: Draft<D>): void {
  const { current, jobs } = draft.service;
  const job = jobs.find(one => one.kind === 'scale');
  if (job?.kind !== 'scale' || current?.state.kind !== 'running' || job.run === current.state.run) return;
  const { run } = current.state;
  draft.change({ ...job, run, scaling: null });
  draft.effects.push({ kind: 'scale', job: job.id, generation: current.id, run, workers: job.workers });
}

/** The outcome of a scaling. An earlier hand-over may still bring another run. */
function scaledOutcome<D extends Definition>(
  { current, jobs }: Service<D>,
  job: ScaleJob<D>,
): Outcome | null {
  if (current?.state.kind !== 'running') return { kind: 'refused', state: current?.state ?? null };
  const waits = jobs
    .slice(0, jobs.indexOf(job))
    .some(other => other.kind === 'hand-over' && other.phase !== 'draining');
  return job.scaling === null || waits ? null : { kind: 'scaled', ...job.scaling };
}

/** The outcome of a job; null: it waits. */
function outcomeOf<D extends Definition>(service: Service<D>, job: Job<D>): Outcome | null {
  const { current, next, old } = service;
  switch (job.kind) {
    case 'start':
      return startedOutcome(service, job.already);
    case 'restart':
      return startedOutcome(service, false);
    case 'stop':
      return next === null && old.length === 0 && (current === null || isDown(current.state))
        ? { kind: 'done' }
        : null;
    case 'remove':
      return current === null && old.length === 0 ? { kind: 'done' } : null;
    case 'scale':
      return scaledOutcome(service, job);
    case 'hand-over':
      return job.phase === 'draining' && old.length === 0 ? { kind: 'done' } : null;
    case 'replace':
      return null;
  }
}

function startedOutcome<D extends Definition>(service: Service<D>, already: boolean): Outcome | null {
  const { wanted, current, next, heir, due } = service;
  if (heir !== null) return due === 'no' ? { kind: 'overtaken', by: 'stop' } : null;
  if (current === null) return { kind: 'overtaken', by: 'update' };
  const { state } = current;
  if (state.kind === 'running') return { kind: already ? 'already' : 'done' };
  if (state.kind === 'starting' || state.kind === 'stopping' || due !== 'no' || next !== null) return null;
  return wanted === 'down' ? { kind: 'overtaken', by: 'stop' } : { kind: 'failed', state };
}
