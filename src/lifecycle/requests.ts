// What a command does to a service at once. settle.ts sees to the rest.

import type { Draft } from './draft.ts';
import { isDown } from './process.ts';
import { type Definition, type Event, type Job, mayFallAsleep, type Outcome } from './service.ts';
import { keepCurrent, takeOver } from './succession.ts';

type Ask<D> = Extract<Event<D>, { job: number }>;
type Of<D, K> = Extract<Ask<D>, { kind: K }>;

const removed: Outcome = { kind: 'overtaken', by: 'update' };

export function ask<D extends Definition>(draft: Draft<D>, event: Ask<D>): void {
  const outcome = obey(draft, event);
  if (outcome !== null) draft.done(event.job, outcome);
}

/** The outcome of a command that has one at once; null: its job goes on. */
function obey<D extends Definition>(draft: Draft<D>, event: Ask<D>): Outcome | null {
  switch (event.kind) {
    case 'start':
      return start(draft, event.job);
    case 'resume':
      return resume(draft, event.job);
    case 'wake':
      return wake(draft, event.job);
    case 'await':
      return awaitTime(draft);
    case 'scale':
      return scale(draft, event);
    case 'scaled':
      return scaled(draft, event);
    case 'stop':
      return stop(draft, event.job);
    case 'restart':
      return restart(draft, event.job);
    case 'remove':
      return remove(draft, event.job);
    case 'replace':
      return replace(draft, event);
    case 'hand-over':
      return handOver(draft, event);
    case 'commit':
    case 'abandon':
      return decide(draft, event);
    case 'late':
      return late(draft, event.job);
  }
}

function isGone<D extends Definition>({ service }: Draft<D>): boolean {
  return service.removing || service.current === null;
}

function start<D extends Definition>(draft: Draft<D>, id: number): Outcome | null {
  if (isGone(draft)) return removed;
  draft.overtake('start', job => job.kind === 'stop');
  passOver(draft);
  const { current, heir, next } = draft.service;
  const state = heir === null ? current?.state.kind : undefined;
  const already = state === 'running' || state === 'starting';
  draft.set({ wanted: 'up', due: heir === null ? 'no' : 'now', asleep: false });
  // Another generation is about to take over, so there is nothing to start.
  if (heir === null && next === null && current !== null) draft.order(current, 'start');
  addStart(draft, id, already);
  return null;
}

/** What is still on its way to sleep is left to it: whoever needs the program now gets another generation at once. */
function passOver<D extends Definition>(draft: Draft<D>): void {
  const { asleep, current, heir } = draft.service;
  if (!asleep || heir !== null || current?.state.kind !== 'stopping') return;
  if (!current.definition.rules.overlaps) return;
  draft.set({ current: draft.make(current.definition) });
  draft.retire(current, false);
}

function addStart<D extends Definition>(draft: Draft<D>, id: number, already: boolean): void {
  const { heir, current } = draft.service;
  draft.add({ id, kind: 'start', already }, (heir ?? current)?.definition.rules.longestStart);
}

function resume<D extends Definition>(draft: Draft<D>, id: number): Outcome | null {
  if (isGone(draft)) return removed;
  const { due, current, wanted, asleep } = draft.service;
  if (wanted === 'down') return { kind: 'overtaken', by: 'stop' };
  if (asleep) return { kind: 'already' };
  const already = due !== 'in-turn' && current?.state.kind === 'running';
  if (due === 'in-turn') draft.set({ due: 'now' });
  addStart(draft, id, already);
  return null;
}

function wake<D extends Definition>(draft: Draft<D>, id: number): Outcome | null {
  if (isGone(draft)) return removed;
  const { wanted, asleep, current } = draft.service;
  if (wanted === 'down') return { kind: 'overtaken', by: 'stop' };
  if (asleep) return start(draft, id);
  addStart(draft, id, current?.state.kind === 'running');
  return null;
}

function awaitTime<D extends Definition>(draft: Draft<D>): Outcome {
  if (isGone(draft)) return removed;
  if (draft.service.wanted === 'up') return { kind: 'already' };
  draft.overtake('start', job => job.kind === 'stop');
  draft.set({ wanted: 'up', asleep: true });
  return { kind: 'done' };
}

/** Puts a program to sleep. One that waits for its start sleeps at once. */
export function idle<D extends Definition>(draft: Draft<D>): void {
  const { current } = draft.service;
  if (current === null || !mayFallAsleep(draft.service)) return;
  draft.set({ asleep: true, due: 'no' });
  draft.order(current, 'stop');
}

function scale<D extends Definition>(draft: Draft<D>, { job: id, workers }: Of<D, 'scale'>): Outcome | null {
  const { current, heir, removing } = draft.service;
  const state = removing ? null : (current?.state ?? null);
  if (state?.kind !== 'running' || heir !== null) return { kind: 'refused', state };
  draft.overtake('scale', job => job.kind === 'scale');
  draft.add({ id, kind: 'scale', workers, run: null, scaling: null });
  return null;
}

function scaled<D extends Definition>(
  draft: Draft<D>,
  { job: id, run, scaling }: Of<D, 'scaled'>,
): Outcome | null {
  const job = draft.service.jobs.find(one => one.id === id);
  if (job?.kind === 'scale' && job.run === run) draft.change({ ...job, scaling });
  return null;
}

function stop<D extends Definition>(draft: Draft<D>, id: number): Outcome | null {
  const { current, next, old } = draft.service;
  const alive = [current, next, ...old].some(generation => generation && !isDown(generation.state));
  const contradicted: readonly Job<D>['kind'][] = ['start', 'restart', 'hand-over', 'scale'];
  draft.overtake('stop', job => contradicted.includes(job.kind));
  const { asleep } = draft.service;
  draft.set({ wanted: 'down', due: 'no', asleep: false });
  if (!alive) return { kind: asleep ? 'done' : 'already' };
  draft.dropNext();
  if (current !== null) draft.order(current, 'stop');
  draft.hastenOld(0);
  draft.add({ id, kind: 'stop' });
  return null;
}

function restart<D extends Definition>(draft: Draft<D>, id: number): Outcome | null {
  if (isGone(draft)) return removed;
  draft.overtake('restart', job => job.kind === 'stop' || job.kind === 'scale' || isHandingOver(job));
  draft.dropNext();
  const { current, heir } = draft.service;
  draft.set({ wanted: 'up', due: heir === null ? 'no' : 'now', asleep: false });
  if (heir === null && current !== null) draft.order(current, 'restart');
  const stopwait = current?.definition.rules.current.stopwait ?? 0;
  const longestStart = (heir ?? current)?.definition.rules.longestStart ?? 0;
  draft.add({ id, kind: 'restart' }, stopwait + longestStart);
  return null;
}

/** Whether a hand-over still goes on. One that asks is over once its new generation has taken over. */
function isHandingOver<D>(job: Job<D>): boolean {
  return job.kind === 'hand-over' && job.phase !== 'draining';
}

function remove<D extends Definition>(draft: Draft<D>, id: number): Outcome | null {
  draft.overtake('update', job => job.kind !== 'stop' && job.kind !== 'remove');
  draft.dropNext();
  draft.set({ wanted: 'down', due: 'no', asleep: false, heir: null });
  const { current } = draft.service;
  if (current?.definition.rules.patient === true) {
    // The current generation finishes its work, without the name.
    draft.set({ current: null });
    draft.retire(current, false);
    return { kind: 'done' };
  }
  draft.set({ removing: true });
  if (current !== null) draft.order(current, 'stop');
  draft.add({ id, kind: 'remove' });
  return null;
}

function replace<D extends Definition>(
  draft: Draft<D>,
  { job: id, ...event }: Of<D, 'replace'>,
): Outcome | null {
  const { current, next, removing, wanted, due, asleep, jobs } = draft.service;
  const isNew = removing || current === null;
  const isStarting = jobs.some(job => job.kind === 'start' || job.kind === 'restart');
  const { scheduled = false } = event.definition.rules;
  // One that has lost its schedule is to be up from now on.
  const isAsleep = asleep && current?.definition.rules.scheduled !== true;
  // With a next generation about to take over, a current one that has died counts as up: it would have been started again.
  const isUp =
    wanted === 'up' && current !== null && !isAsleep && (asleep || next !== null || !isDown(current.state));
  const isBack = isNew && event.start;
  draft.overtake(
    'update',
    job =>
      job.kind === 'remove' || job.kind === 'scale' || isHandingOver(job) || (isBack && job.kind === 'stop'),
  );
  draft.dropNext();
  const inTurn = !scheduled && (isNew ? event.start : isUp || due !== 'no');
  const willBeWanted = isNew ? event.start : wanted === 'up';
  draft.set({
    heir: draft.make(event.definition),
    removing: false,
    due: isStarting ? 'now' : inTurn ? 'in-turn' : 'no',
    wanted: willBeWanted ? 'up' : 'down',
    asleep: scheduled ? willBeWanted : isAsleep,
  });
  if (current !== null) draft.order(current, 'stop');
  draft.add({ id, kind: 'replace' });
  return null;
}

function handOver<D extends Definition>(draft: Draft<D>, event: Of<D, 'hand-over'>): Outcome | null {
  const { job: id, definition, asks } = event;
  const { current, wanted } = draft.service;
  if (definition !== null && isGone(draft)) {
    draft.overtake('update', job => job.kind === 'remove' || job.kind === 'stop');
    draft.set({ wanted: 'up', removing: false, current: current ?? draft.make(definition) });
  }
  const { removing, asleep } = draft.service;
  // A program that is asleep loads the new code when it is started.
  if (definition === null && asleep) return { kind: 'done' };
  if (definition === null && (wanted === 'down' || removing))
    return { kind: 'refused', state: removing ? null : (current?.state ?? null) };
  const limit = (definition ?? current?.definition)?.rules.longestHandOver;
  draft.add({ id, kind: 'hand-over', definition, asks, phase: 'waiting' }, limit);
  return null;
}

/** The answer to a hand-over that has asked. */
function decide<D extends Definition>(
  draft: Draft<D>,
  { kind, job: id }: Of<D, 'commit' | 'abandon'>,
): Outcome | null {
  const job = draft.service.jobs.find(one => one.id === id);
  if (job?.kind !== 'hand-over' || job.phase === 'draining') return null;
  if (job.phase === 'waiting') return { kind: 'late' };
  if (kind === 'abandon') keepCurrent(draft, true);
  else if (job.phase === 'ready') takeOver(draft);
  return null;
}

function late<D extends Definition>(draft: Draft<D>, id: number): Outcome | null {
  const job = draft.service.jobs.find(one => one.id === id);
  if (job?.kind === 'start' || job?.kind === 'restart') return { kind: 'late' };
  if (job?.kind !== 'hand-over' || job.phase === 'draining') return null;
  if (job.phase === 'waiting') return { kind: 'refused', state: draft.service.current?.state ?? null };
  keepCurrent(draft, true);
  return null;
}
