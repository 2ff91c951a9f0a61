// A service while one event changes it: what can be done to its generations and jobs. requests.ts and settle.ts decide what is done
// when.

import { isDown, type Policy, type Event as ProcessEvent, step } from './process.ts';
import {
  type Definition,
  type Effect,
  type Generation,
  generationsOf,
  type Job,
  type Outcome,
  type Service,
  type Word,
} from './service.ts';

export class Draft<D extends Definition> {
  service: Service<D>;
  readonly effects: Effect[] = [];
  readonly at: number;
  /** The last form of every generation that there was during the event. */
  readonly seen = new Map<number, Generation<D>>();

  constructor(service: Service<D>, at: number) {
    this.service = service;
    this.at = at;
    for (const generation of generationsOf(service)) this.seen.set(generation.id, generation);
  }

  set(changed: Partial<Service<D>>): void {
    this.service = { ...this.service, ...changed };
  }

  /** Makes a generation that has not been started. The caller gives it a place. */
  make(definition: D): Generation<D> {
    const id = this.service.lastGeneration + 1;
    this.set({ lastGeneration: id });
    return { id, definition, state: { kind: 'stopped', run: this.service.lastRun }, hastened: false };
  }

  /** Something happens to a generation. News of a generation that is gone changes nothing. */
  tell(id: number, event: ProcessEvent): void {
    const generation = this.#find(id);
    if (generation === null) return;
    const next = step(this.#policyOf(generation), generation.state, event);
    let { state } = next;
    for (const effect of next.effects) {
      if (effect.kind !== 'spawn') {
        this.effects.push({ ...effect, generation: id });
        continue;
      }
      // Runs are counted over all generations.
      const run = this.service.lastRun + 1;
      state = { ...state, run };
      this.set({ lastRun: run });
      this.effects.push({ kind: 'spawn', run, generation: id });
    }
    if (state !== generation.state) this.#replace({ ...generation, state });
  }

  order(generation: Generation<D>, kind: 'start' | 'stop' | 'restart'): void {
    this.tell(generation.id, { kind, at: this.at });
  }

  /** Takes a generation's place from it, and ends it. `hastened`: as fast as at a stop. */
  retire(generation: Generation<D>, hastened: boolean): void {
    if (isDown(generation.state)) return;
    const fast = hastened || !generation.definition.rules.patient;
    this.set({ old: [...this.service.old, { ...generation, hastened: fast }] });
    this.order(generation, 'stop');
  }

  /** Ends the generation that was to take over. */
  dropNext(): void {
    const { next } = this.service;
    if (next === null) return;
    this.set({ next: null });
    this.retire(next, true);
  }

  /** Ends patient old generations as fast as at a stop, but for the last `most`. */
  hastenOld(most: number): void {
    const slow = this.service.old.filter(({ hastened }) => !hastened);
    for (const generation of slow.slice(0, Math.max(0, slow.length - most))) {
      this.#replace({ ...generation, hastened: true });
      const { stopsignal: signal, stopwait } = generation.definition.rules.current;
      const about = { generation: generation.id, run: generation.state.run };
      this.effects.push({ kind: 'signal', signal, ...about });
      this.effects.push({ kind: 'timer', timer: 'kill', ms: stopwait, ...about });
    }
  }

  /** Gives the same program other rules. Nothing is restarted. */
  amend(definition: D): void {
    const amended = (generation: Generation<D> | null) => generation && { ...generation, definition };
    const { current, next, heir } = this.service;
    this.set({ current: amended(current), next: amended(next), heir: amended(heir) });
  }

  /** Takes over a run that an earlier hostd has started. The first one that is adopted becomes the program. */
  adopt(definition: D, run: number): void {
    const { current, lastRun } = this.service;
    const state = { kind: 'running', run, tries: 0, since: this.at } as const;
    const generation = { ...this.make(definition), state };
    this.set({ lastRun: Math.max(lastRun, run) });
    if (current === null) this.set({ current: generation, wanted: 'up' });
    else this.retire(generation, false);
  }

  add(job: Job<D>, limit?: number): void {
    this.set({ jobs: [...this.service.jobs, job] });
    if (limit !== undefined) this.effects.push({ kind: 'limit', job: job.id, ms: limit });
  }

  change(changed: Job<D>): void {
    this.set({ jobs: this.service.jobs.map(job => (job.id === changed.id ? changed : job)) });
  }

  /** Ends a job, whether or not it has begun. */
  done(id: number, outcome: Outcome): void {
    this.set({ jobs: this.service.jobs.filter(job => job.id !== id) });
    this.effects.push({ kind: 'done', job: id, outcome });
  }

  overtake(by: Word, which: (job: Job<D>) => boolean): void {
    for (const { id } of this.service.jobs.filter(which)) this.done(id, { kind: 'overtaken', by });
  }

  #find(id: number): Generation<D> | null {
    const { current, next, old } = this.service;
    return [current, next, ...old].find(generation => generation?.id === id) ?? null;
  }

  #replace(changed: Generation<D>): void {
    this.seen.set(changed.id, changed);
    const put = <G extends Generation<D> | null>(generation: G) =>
      generation?.id === changed.id ? changed : generation;
    const { current, next, old } = this.service;
    this.set({ current: put(current), next: put(next), old: old.map(put) });
  }

  #policyOf({ id, definition: { rules }, hastened }: Generation<D>): Policy {
    const { current, next, wanted } = this.service;
    if (next?.id === id) return rules.next;
    if (current?.id === id && wanted === 'down') return { ...rules.current, autorestart: 'never' };
    if (current?.id !== id) return hastened ? { ...rules.current, autorestart: 'never' } : rules.old;
    // While the next generation is about to take over, the current one is not started again.
    return next === null ? rules.current : { ...rules.current, autorestart: 'never' };
  }
}
