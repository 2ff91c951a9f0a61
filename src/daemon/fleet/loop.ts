// The one place where a program's state changes: an event comes in, step() decides, the effects are performed.

import { type Effect, type Event, step } from '../../lifecycle/process.ts';
import type { Unit } from './unit.ts';

/** An event without its time, which the loop adds. */
type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never;
export type News = Untimed<Event>;

export type Perform = (unit: Unit, effect: Effect, post: (news: News) => void) => void;
/** Told after each change, with the state before. */
export type Listener = (unit: Unit, before: Unit['state']) => void;

export interface Loop {
  post(unit: Unit, news: News): void;
  /** Until the returned function is called. */
  listen(listener: Listener): () => void;
  /** Resolves as soon as `condition` holds for the unit, or after `ms` milliseconds. */
  when(unit: Unit, condition: (unit: Unit) => boolean, ms?: number): Promise<void>;
}

/** `now` is a monotonic clock in milliseconds. */
export function makeLoop(perform: Perform, now: () => number): Loop {
  const listeners = new Set<Listener>();
  const waiting: { unit: Unit; event: Event }[] = [];
  let busy = false;

  const handle = (unit: Unit, event: Event) => {
    const before = unit.state;
    const next = step(unit.policy, before, event);
    unit.state = next.state;
    if (before.kind !== next.state.kind || before.run !== next.state.run) clearTimeout(unit.timer);
    for (const effect of next.effects) perform(unit, effect, news => loop.post(unit, news));
    if (before !== next.state) for (const listener of listeners) listener(unit, before);
  };

  const loop: Loop = {
    post(unit, news) {
      waiting.push({ unit, event: { ...news, at: now() } as Event });
      // Effects post events of their own; they are taken in order, never one inside another.
      if (busy) return;
      busy = true;
      try {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
          handle(next.unit, next.event);
      } finally {
        busy = false;
      }
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    when(unit, condition, ms) {
      if (condition(unit)) return Promise.resolve();
      return new Promise(resolve => {
        const end = () => {
          stop();
          clearTimeout(timer);
          resolve();
        };
        const stop = loop.listen(changed => {
          if (changed === unit && condition(unit)) end();
        });
        const timer = ms === undefined ? undefined : setTimeout(end, ms);
      });
    },
  };
  return loop;
}
