// The one place where a service changes: an event comes in, advance() decides, the effects are performed. Each generation
// has a unit here, which follows the service.

import { advance } from '../../lifecycle/advance.ts';
import { inOrder } from '../../lifecycle/in-order.ts';
import type { Effect as ProcessEffect } from '../../lifecycle/process.ts';
import {
  type Event,
  emptyService,
  type Generation,
  generationsOf,
  type News,
  type Outcome,
  type Request,
  type Scaling,
  type Service,
} from '../../lifecycle/service.ts';
import { setLongTimeout } from '../own/long-timeout.ts';
import type { Asker } from './asker.ts';
import { type Made, makeUnit, type Unit } from './unit.ts';

/** An event without the fields that the loop adds. */
type Bare<E, K extends PropertyKey> = E extends unknown ? Omit<E, K> : never;
export type Order = Bare<Request<Made>, 'at' | 'job'>;
export type Untimed = Bare<Event<Made>, 'at'>;

export type Perform = (unit: Unit, effect: ProcessEffect, post: (news: News) => void) => void;
/** Gives a unit's run this many workers, and calls back with the result. */
export type Scale = (unit: Unit, workers: number, done: (scaling: Scaling) => void) => void;
export interface Effects {
  readonly perform: Perform;
  readonly scale: Scale;
}
/** Called after each change of a unit's state, with the state before. */
export type Listener = (unit: Unit, before: Unit['state']) => void;

/** The result of a command. `unit`: the generation that failed to take over, if one did. */
export interface Answer {
  readonly outcome: Outcome;
  readonly unit: Unit | null;
}

/** The callbacks of a job. */
interface Waiter {
  done(answer: Answer): void;
  ready(): void;
  timer: NodeJS.Timeout | undefined;
}

/** A service with its units. */
export interface Entry {
  readonly name: string;
  service: Service<Made>;
  readonly units: Map<number, Unit>;
  /** Of the last order. */
  asker: Asker | null;
}

/** How one event has changed a service, before the effects are performed. */
export interface Observed {
  readonly entry: Entry;
  readonly changes: readonly {
    readonly unit: Unit;
    readonly before: Unit['state'];
    /** Of the unit's last run; 0: there was none. */
    readonly pid: number;
    /** The unit is the program itself, not a generation beside it. */
    readonly isProgram: boolean;
  }[];
  /** The event was an order: the entry's asker has asked for it. */
  readonly isAsked: boolean;
  /** The service does not exist any more. */
  readonly isGone: boolean;
}

export interface Loop {
  readonly entries: ReadonlyMap<string, Entry>;
  /** `attach` is called with each new unit, before anything is done to it. */
  post(name: string, event: Untimed, attach?: (unit: Unit) => void): void;
  /** Asks for something, and calls back with the result, perhaps at once. Returns the job's number. */
  ask(
    name: string,
    order: Order,
    done: (answer: Answer) => void,
    ready?: () => void,
    asker?: Asker | null,
  ): number;
  /** hostd ends: from now on stops have the last word, and any other order is answered as overtaken. */
  end(): void;
  /** hostd ends, so that nothing is started any more. */
  isEnding(): boolean;
  /** Calls the listener until the returned function is called. */
  listen(listener: Listener): () => void;
  /** Calls the observer with each event that has changed a service, while hostd lives. */
  observe(observer: (observed: Observed) => void): void;
}

interface Waiting {
  readonly name: string;
  readonly event: Event<Made>;
  readonly attach: ((unit: Unit) => void) | undefined;
  /** undefined: it is no order. */
  readonly asker: Asker | null | undefined;
}

/** `now`: a monotonic clock in milliseconds. `onChange` is called with a service after each event that has changed it. */
export function makeLoop(
  { perform, scale }: Effects,
  now: () => number,
  onChange: (entry: Entry) => void,
): Loop {
  const entries = new Map<string, Entry>();
  const listeners = new Set<Listener>();
  const observers: ((observed: Observed) => void)[] = [];
  const waiters = new Map<number, Waiter>();
  let jobs = 0;
  let isEnding = false;

  const handle = ({ name, event, attach, asker }: Waiting) => {
    const entry = entries.get(name) ?? {
      name,
      service: emptyService<Made>(),
      units: new Map(),
      asker: null,
    };
    const before = new Map([...entry.units.values()].map(unit => [unit, unit.state]));
    const { service, effects, gone } = advance(entry.service, event);
    if (service === entry.service && effects.length === 0) return;
    entries.set(name, entry);
    if (asker !== undefined) entry.asker = asker;
    const former = entry.service.current;
    const fresh = reflect(entry, service, gone);
    for (const unit of fresh) {
      before.set(unit, unit.state);
      attach?.(unit);
    }
    if (observers.length > 0) {
      const observed = observe(
        { entry, isAsked: asker !== undefined },
        former,
        before,
        event.kind === 'adopt' ? [] : fresh,
      );
      for (const observer of observers) observer(observed);
    }
    for (const [unit, state] of before)
      if (state.kind !== unit.state.kind || state.run !== unit.state.run) clearTimeout(unit.timer);
    for (const effect of effects) {
      if (effect.kind === 'limit') limit(entry, effect.job, effect.ms);
      else if (effect.kind === 'ready') waiters.get(effect.job)?.ready();
      else if (effect.kind === 'done') answer(entry, effect.job, effect.outcome);
      else {
        const { generation, ...own } = effect;
        const unit = entry.units.get(generation);
        if (unit === undefined) continue;
        if (own.kind === 'scale') {
          const { job, run, workers } = own;
          scale(unit, workers, scaling => loop.post(name, { kind: 'scaled', job, run, scaling }));
        } else perform(unit, own, news => loop.post(name, { kind: 'process', generation, news }));
      }
    }
    for (const { id } of gone) entry.units.delete(id);
    for (const [unit, state] of before)
      if (state !== unit.state) for (const listener of listeners) listener(unit, state);
    onChange(entry);
    if (entry.units.size === 0 && service.jobs.length === 0) entries.delete(name);
  };

  const limit = ({ name }: Entry, job: number, ms: number) => {
    const waiter = waiters.get(job);
    if (waiter === undefined) return;
    clearTimeout(waiter.timer);
    waiter.timer = setLongTimeout(() => loop.post(name, { kind: 'late', job }), ms);
  };

  const answer = ({ units }: Entry, job: number, outcome: Outcome) => {
    const waiter = waiters.get(job);
    waiters.delete(job);
    clearTimeout(waiter?.timer);
    waiter?.done({ outcome, unit: outcome.kind === 'kept' ? (units.get(outcome.generation) ?? null) : null });
  };

  const send = inOrder(handle);
  const loop: Loop = {
    entries,
    post(name, event, attach) {
      send({ name, event: { ...event, at: now() } as Event<Made>, attach, asker: undefined });
    },
    ask(name, order, done, ready = () => {}, asker = null) {
      jobs += 1;
      if (isEnding && order.kind !== 'stop' && order.kind !== 'remove') {
        done({ outcome: { kind: 'overtaken', by: 'stop' }, unit: null });
        return jobs;
      }
      waiters.set(jobs, { done, ready, timer: undefined });
      const event = { ...order, job: jobs, at: now() } as Event<Made>;
      send({ name, event, attach: undefined, asker });
      return jobs;
    },
    isEnding: () => isEnding,
    end() {
      isEnding = true;
    },
    observe(observer) {
      observers.push(observer);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return loop;
}

/** `fresh`: the units that the event has made. Each begins as stopped. */
function observe(
  { entry, isAsked }: Pick<Observed, 'entry' | 'isAsked'>,
  former: Generation<Made> | null,
  before: ReadonlyMap<Unit, Unit['state']>,
  fresh: readonly Unit[],
): Observed {
  const { service } = entry;
  // After a hand-over the program has run on, as seen from outside.
  const isHandedOver = service.old.some(({ id }) => id === former?.id);
  const current = isHandedOver ? undefined : service.current?.id;
  return {
    entry,
    isAsked,
    changes: [...before].map(([unit, state]) => ({
      unit,
      before: fresh.includes(unit) ? { kind: 'stopped', run: state.run } : state,
      pid: unit.lastPid,
      isProgram: (!isHandedOver && unit.id === former?.id) || unit.id === current,
    })),
    isGone: generationsOf(service).length === 0,
  };
}

/** Brings the units into line with the service. Returns the new ones. */
function reflect(entry: Entry, service: Service<Made>, gone: readonly Generation<Made>[]): Unit[] {
  const former = entry.service.current;
  entry.service = service;
  const fresh: Unit[] = [];
  for (const generation of [...gone, ...generationsOf(service)]) {
    const { id, definition, state } = generation;
    let unit = entry.units.get(id);
    if (unit === undefined) {
      unit = makeUnit(id, definition);
      entry.units.set(id, unit);
      fresh.push(unit);
    }
    unit.program = definition.program;
    unit.policy = definition.rules.current;
    unit.isNext = service.next?.id === id;
    unit.state = state;
  }
  const { current } = service;
  if (former !== null && current !== null && former.id !== current.id)
    inherit(entry.units.get(former.id), entry.units.get(current.id));
  return fresh;
}

/** A new generation that has not run yet is reported with the last run of the one before. */
function inherit(former: Unit | undefined, unit: Unit | undefined): void {
  if (former === undefined || unit === undefined || unit.startedAt !== null) return;
  unit.lastExit = former.lastExit;
  unit.stoppedAt = former.stoppedAt;
}
