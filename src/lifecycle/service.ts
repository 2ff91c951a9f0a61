// A service: all generations of a program, and the commands (jobs) that wait for results. advance.ts says what happens to it, with
// process.ts for each single generation.
//
//   current   has the name: its state is the program's
//   next      started beside it on the same sockets, and takes over once it is ready (hand-over)
//   heir      takes over once the current one is down (stop first)
//   old       no longer has the name, and is on its way out
//
// The last word wins: a command that contradicts an earlier one ends the earlier one's wait, with that as its outcome.
// Every run has its own number over all generations, since records and cgroups are named after it.

import {
  isDown,
  type Policy,
  type Event as ProcessEvent,
  type Effect as RunEffect,
  type State,
} from './process.ts';

/** How a generation is supervised, by the place that it has. */
export interface Rules {
  readonly current: Policy;
  /** Until the generation has taken over. It is tried once. */
  readonly next: Policy;
  /** How the generation is ended after another one has taken over. */
  readonly old: Policy;
  /** Old generations may take long to finish, and nothing waits for them. */
  readonly patient: boolean;
  /** It is run at certain times and asleep in between: it is wanted, and 'wake' runs it. */
  readonly scheduled?: boolean;
  /** What wakes need not wait for the end of what has fallen asleep: two of it may run at once, each with sockets of its own. */
  readonly overlaps: boolean;
  /** Milliseconds for the next generation to get ready. */
  readonly longestHandOver: number;
  /** Milliseconds that a command waits for the program to leave STARTING. */
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
  /** The generation is old, and has to end as fast as at a stop. */
  readonly hastened: boolean;
}

/** A command that contradicts earlier ones. `update` is a new configuration. */
export type Word = 'start' | 'stop' | 'restart' | 'reload' | 'scale' | 'update';

export type Outcome =
  | { readonly kind: 'done' }
  /** Nothing had to be done. */
  | { readonly kind: 'already' }
  /** The program does not run. `state` says why. */
  | { readonly kind: 'failed'; readonly state: State }
  /** The time for it is over. */
  | { readonly kind: 'late' }
  /** A later command has contradicted it. */
  | { readonly kind: 'overtaken'; readonly by: Word }
  /** No hand-over or scaling, since the program does not run: `state` is its state. null: there is no such program any more. */
  | { readonly kind: 'refused'; readonly state: State | null }
  | ({ readonly kind: 'scaled' } & Scaling)
  /** The hand-over has failed. `generation` was to take over. */
  | {
      readonly kind: 'kept';
      readonly generation: number;
      readonly late: boolean;
      readonly restarted: boolean;
    };

/** The result of a scaling: numbers of workers. `now` differs from the order where the program does not obey. */
export interface Scaling {
  readonly before: number;
  readonly now: number;
}

export type Job<D> = { readonly id: number } & (
  | { readonly kind: 'start'; readonly already: boolean }
  | { readonly kind: 'stop' | 'restart' | 'replace' | 'remove' }
  /** `run`: the run whose workers are changed; null: none yet. `scaling`: null until there is a result. */
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
  /** null: the definition of the current generation when the job's turn comes. */
  readonly definition: D | null;
  /** Whether the new generation, once it is ready, waits for a 'commit'. */
  readonly asks: boolean;
  readonly phase: 'waiting' | 'loading' | 'ready' | 'draining';
};

export interface Service<D> {
  /** What the last command wants. */
  readonly wanted: 'up' | 'down';
  /** The number of the last run, over all generations. */
  readonly lastRun: number;
  readonly lastGeneration: number;
  readonly current: Generation<D> | null;
  readonly next: Generation<D> | null;
  readonly heir: Generation<D> | null;
  readonly old: readonly Generation<D>[];
  /** Whether the current generation, or its heir, has to be started: now, or when the update that brought it says so ('resume'). */
  readonly due: 'no' | 'in-turn' | 'now';
  /** The program is wanted, but was ended because nobody needed it. 'wake' starts it again. */
  readonly asleep: boolean;
  /** The configuration has the program no more. */
  readonly removing: boolean;
  readonly jobs: readonly Job<D>[];
}

type Asked = { readonly at: number; readonly job: number };

/** `at` is a monotonic time in milliseconds. A job's number is not used twice. */
export type Request<D> =
  | (Asked & { readonly kind: 'start' | 'stop' | 'restart' | 'remove' })
  /** Starts a program that an update has left to be started, unless another command has come since. */
  | (Asked & { readonly kind: 'resume' })
  /** What is stopped may be woken again, and sleeps until then: for a scheduled program. */
  | (Asked & { readonly kind: 'await' })
  /** Somebody needs the program: starts it if it is asleep. Never against a 'stop', and never after it has given up. */
  | (Asked & { readonly kind: 'wake' })
  /** This many workers, until the program's next start. */
  | (Asked & { readonly kind: 'scale'; readonly workers: number })
  /** `start`: a new program has to be started, by 'resume'. A program that is up is started again anyway. */
  | (Asked & { readonly kind: 'replace'; readonly definition: D; readonly start: boolean })
  | (Asked & { readonly kind: 'hand-over'; readonly definition: D | null; readonly asks: boolean });

export type Event<D> =
  | Request<D>
  /** Answers a hand-over that has asked. */
  | (Asked & { readonly kind: 'commit' | 'abandon' })
  /** The job's time is over. */
  | (Asked & { readonly kind: 'late' })
  /** The result of a 'scale' effect. */
  | (Asked & { readonly kind: 'scaled'; readonly run: number; readonly scaling: Scaling })
  /** Nobody has needed the program for a while: it ends as at a stop, but stays wanted. Does nothing while a command waits for it. */
  | { readonly at: number; readonly kind: 'idle' }
  /** The same program has other rules. */
  | { readonly at: number; readonly kind: 'amend'; readonly definition: D }
  /** A run that an earlier hostd has started. The newest comes first. */
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
  /** Give this run so many workers, in place of any earlier order. 'scaled' is the answer. */
  | {
      readonly kind: 'scale';
      readonly job: number;
      readonly generation: number;
      readonly run: number;
      readonly workers: number;
    }
  /** Send the job 'late' after this time. Replaces the job's timer. */
  | { readonly kind: 'limit'; readonly job: number; readonly ms: number };

export interface Step<D> {
  readonly service: Service<D>;
  readonly effects: readonly Effect[];
  /** Generations that the service has no more, in their last form. */
  readonly gone: readonly Generation<D>[];
}

/** Patient old generations at once. With more, the oldest are hastened. */
export const mostGenerations = 4;

/** A service without any generation. */
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

/** Whether 'idle' puts it to sleep now: nobody waits for it, and no more than this generation of it runs. */
export function mayFallAsleep<D>({ wanted, current, next, heir, old, due, jobs }: Service<D>): boolean {
  if (wanted === 'down' || current === null || next !== null || heir !== null) return false;
  if (old.length > 0 || jobs.length > 0) return false;
  return current.state.kind === 'running' || (due === 'in-turn' && isDown(current.state));
}

/** All generations, the heir included. */
export function generationsOf<D>({ current, next, heir, old }: Service<D>): readonly Generation<D>[] {
  return [current, next, heir, ...old].filter(generation => generation !== null);
}

/** The definition of the program as it is, or will be as soon as possible. null: it is on its way out. */
export function targetOf<D>({ current, heir, removing }: Service<D>): D | null {
  return removing ? null : ((heir ?? current)?.definition ?? null);
}
