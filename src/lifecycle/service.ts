// A service: all generations of a program, and everybody who waits for something to come of it. advance.ts says what
// happens to it, with process.ts for each generation by itself.
//
//   current   has the name: its state is the program's
//   next      started beside it on the same sockets, and takes over once it is ready (hand-over)
//   heir      takes over once the current one is down (stop first)
//   old       no longer has the name, and is on its way out
//
// The last word wins: a command that contradicts an earlier one ends the earlier one's wait, and that is its outcome.
// Every run has a number of its own, whichever generation it belongs to: records and cgroups are named after it.

import type { Policy, Event as ProcessEvent, Effect as RunEffect, State } from './process.ts';

/** How a generation is looked after, by the place that it has. */
export interface Rules {
  readonly current: Policy;
  /** Until it has taken over. It is never tried twice. */
  readonly next: Policy;
  /** How it is ended when another one has taken over. */
  readonly old: Policy;
  /** Old ones may take long to finish, and nothing waits for that. */
  readonly patient: boolean;
  /** Milliseconds that the next one may take to be ready. */
  readonly longestHandOver: number;
  /** Milliseconds that a command waits for it to leave STARTING. */
  readonly longestStart: number;
}

/** `D` is what a generation is made from. */
export interface Definition {
  readonly rules: Rules;
}

export interface Generation<D> {
  readonly id: number;
  readonly definition: D;
  readonly state: State;
  /** It is an old generation that has to end as fast as at a stop. */
  readonly hastened: boolean;
}

/** A command that contradicts earlier ones. `update` is a new configuration. */
export type Word = 'start' | 'stop' | 'restart' | 'reload' | 'scale' | 'update';

export type Outcome =
  | { readonly kind: 'done' }
  /** It was so before. */
  | { readonly kind: 'already' }
  /** It does not run: `state` says why. */
  | { readonly kind: 'failed'; readonly state: State }
  /** It was not so within the time that there was. */
  | { readonly kind: 'late' }
  /** A later word was another. */
  | { readonly kind: 'overtaken'; readonly by: Word }
  /** No hand-over and no scaling: the program does not run, but is in this state. null: there is no program of this name any more. */
  | { readonly kind: 'refused'; readonly state: State | null }
  | ({ readonly kind: 'scaled' } & Scaling)
  /** The hand-over did not come about. `generation` was to take over. */
  | {
      readonly kind: 'kept';
      readonly generation: number;
      readonly late: boolean;
      readonly restarted: boolean;
    };

/** What has come of a scaling: the numbers of workers. `now` is another than was asked for where the program does not obey. */
export interface Scaling {
  readonly before: number;
  readonly now: number;
}

export type Job<D> = { readonly id: number } & (
  | { readonly kind: 'start'; readonly already: boolean }
  | { readonly kind: 'stop' | 'restart' | 'replace' | 'remove' }
  /** `run`: of which run the workers are or were changed, null: of none yet. `scaling`: null until that has come to its end. */
  | {
      readonly kind: 'scale';
      readonly workers: number;
      readonly run: number | null;
      readonly scaling: Scaling | null;
    }
  | HandOverJob<D>
);

export type HandOver<D> = { readonly id: number } & HandOverJob<D>;

type HandOverJob<D> = {
  readonly kind: 'hand-over';
  /** null: the current one's, when its turn has come. */
  readonly definition: D | null;
  /** Whether the new one, once it is ready, waits for a 'commit'. */
  readonly asks: boolean;
  readonly phase: 'waiting' | 'loading' | 'ready' | 'draining';
};

export interface Service<D> {
  /** The last word of anybody. */
  readonly wanted: 'up' | 'down';
  /** The number of the last run, of whichever generation. */
  readonly lastRun: number;
  readonly lastGeneration: number;
  readonly current: Generation<D> | null;
  readonly next: Generation<D> | null;
  readonly heir: Generation<D> | null;
  readonly old: readonly Generation<D>[];
  /** Whether the current one, or its heir, is to be started: at once, or when the update that brought it says so ('resume'). */
  readonly due: 'no' | 'in-turn' | 'now';
  /** It is wanted, but was ended because nobody needed it. 'wake' starts it again. */
  readonly asleep: boolean;
  /** The configuration no longer has it. */
  readonly removing: boolean;
  readonly jobs: readonly Job<D>[];
}

type Asked = { readonly at: number; readonly job: number };

/** `at` is a monotonic time in milliseconds. A job's number is not used twice. */
export type Request<D> =
  | (Asked & { readonly kind: 'start' | 'stop' | 'restart' | 'remove' })
  /** Starts what an update has left to be started, if nobody has said otherwise since. */
  | (Asked & { readonly kind: 'resume' })
  /** Somebody needs the program: starts what is asleep. Never against a 'stop', and what has given up stays so. */
  | (Asked & { readonly kind: 'wake' })
  /** As many workers, until the program's next start. */
  | (Asked & { readonly kind: 'scale'; readonly workers: number })
  /** `start`: a program that is new is to be started, by 'resume'. One that is up is anyway. */
  | (Asked & { readonly kind: 'replace'; readonly definition: D; readonly start: boolean })
  | (Asked & { readonly kind: 'hand-over'; readonly definition: D | null; readonly asks: boolean });

export type Event<D> =
  | Request<D>
  /** Of a hand-over that asked. */
  | (Asked & { readonly kind: 'commit' | 'abandon' })
  /** The job's time is over. */
  | (Asked & { readonly kind: 'late' })
  /** What has come of a 'scale' effect. */
  | (Asked & { readonly kind: 'scaled'; readonly run: number; readonly scaling: Scaling })
  /** Nobody has needed the program for a while: it ends as at a stop, but stays wanted. Nothing happens while anybody waits for it. */
  | { readonly at: number; readonly kind: 'idle' }
  /** The same program under other rules. */
  | { readonly at: number; readonly kind: 'amend'; readonly definition: D }
  /** A run that an earlier hostd has started: the newest first. */
  | { readonly at: number; readonly kind: 'adopt'; readonly definition: D; readonly run: number }
  | { readonly at: number; readonly kind: 'process'; readonly generation: number; readonly news: News };

type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never;
/** What happens to one generation's process. */
export type News = Untimed<Exclude<ProcessEvent, { kind: 'start' | 'stop' | 'restart' }>>;

export type Effect =
  | (RunEffect & { readonly generation: number })
  | { readonly kind: 'done'; readonly job: number; readonly outcome: Outcome }
  /** The new generation of a hand-over that asks is ready. */
  | { readonly kind: 'ready'; readonly job: number }
  /** The workers of this run are to become so many: in place of what it was told before, if that goes on. 'scaled' is the answer. */
  | {
      readonly kind: 'scale';
      readonly job: number;
      readonly generation: number;
      readonly run: number;
      readonly workers: number;
    }
  /** The job is to be told 'late' after this time. It replaces the timer that the job has. */
  | { readonly kind: 'limit'; readonly job: number; readonly ms: number };

export interface Step<D> {
  readonly service: Service<D>;
  readonly effects: readonly Effect[];
  /** Generations that it had and has no more, as they were last. */
  readonly gone: readonly Generation<D>[];
}

/** Old generations that may take their time; of more than that the oldest are hastened. */
export const mostGenerations = 4;

/** A service that nothing is known of. */
export function emptyService<D>(): Service<D> {
  return {
    wanted: 'down',
    lastRun: 0,
    lastGeneration: 0,
    current: null,
    next: null,
    heir: null,
    old: [],
    due: 'no',
    asleep: false,
    removing: false,
    jobs: [],
  };
}

/** Every generation that there is, the heir included. */
export function generationsOf<D>({ current, next, heir, old }: Service<D>): readonly Generation<D>[] {
  return [current, next, heir, ...old].filter(generation => generation !== null);
}

/** What the program is, or will be as soon as it can. null: it is on its way out. */
export function targetOf<D>({ current, heir, removing }: Service<D>): D | null {
  return removing ? null : ((heir ?? current)?.definition ?? null);
}
