// One supervised program: what should happen next. Pure: no clock, no randomness, no I/O. They arrive in events.
//
//   stopped   not running, and nobody wants it to
//   starting  about to be spawned once its requirements are met; or spawned, and not yet up for startsecs or not yet ready
//   running   up
//   backoff   failed to start; waits for its next try
//   stopping  told to end; killed after stopwaitsecs
//   exited    ended by itself after it had been running, and not to be restarted
//   fatal     given up

import type { SignalName } from '../model/host.ts';
import type { Backoff, Restarts } from './restarts.ts';
import { afterFailedStart, afterRunning } from './restarts.ts';

/** How a run ended. `code` and `signal` are both null where that is not known (an adopted program). */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The kernel has killed it for its memory: which bound was reached, such as "memory_max 400M reached". */
  readonly oom?: string;
  /** The signal has left a core dump. */
  readonly dumped?: true;
}

/** The rules of one program; times in milliseconds. */
export interface Policy extends Restarts {
  readonly autorestart: 'never' | 'unexpected' | 'always';
  readonly exitcodes: readonly number[];
  /** What makes a started program RUNNING: that it has stayed up for startsecs, or that it says it is ready. */
  readonly readiness: 'startsecs' | 'notified';
  readonly startsecs: number;
  readonly stopsignal: SignalName;
  readonly stopwait: number;
  /** Supervisor's rules: a program that has run is EXITED before it is started again, and a failed start has Supervisor's words. */
  readonly supervisord?: boolean;
}

/** Milliseconds between two starts of a program that ends at once and is always started again: the pace of supervisord's loop. */
const shortestLife = 750;

export type State = {
  /** Number of the present run, or of the last one; 0 before the first. */
  readonly run: number;
} & (
  | {
      readonly kind: 'stopped';
      /** Under Supervisor's rules: it was stopped between two tries, and the count goes on. */
      readonly tries?: number;
    }
  /** `since`: time of its spawn; null: it is not spawned yet. */
  | { readonly kind: 'starting'; readonly tries: number; readonly since: number | null }
  | { readonly kind: 'running'; readonly tries: number; readonly since: number }
  | { readonly kind: 'backoff'; readonly tries: number; readonly why: string; readonly until: number }
  | { readonly kind: 'stopping'; readonly next: 'stopped' | 'starting' | 'exited' }
  | { readonly kind: 'exited'; readonly how: Exit }
  | { readonly kind: 'fatal'; readonly why: string }
);

export type Timer = 'startsecs' | 'retry' | 'kill';

/** `at` is a monotonic time in milliseconds; `random` is in [0, 1). */
export type Event = { readonly at: number } & (
  | { readonly kind: 'start' | 'stop' | 'restart' }
  | { readonly kind: 'spawned'; readonly run: number }
  | { readonly kind: 'ready'; readonly run: number }
  | { readonly kind: 'exited'; readonly run: number; readonly how: Exit; readonly random: number }
  | { readonly kind: 'spawn-failed'; readonly run: number; readonly why: string; readonly random: number }
  | { readonly kind: 'timer'; readonly run: number; readonly timer: Timer }
  /** The run has had the time that it may take: it is ended as by a stop, but counts as having ended by itself. */
  | { readonly kind: 'overdue'; readonly run: number }
);

export type Effect =
  | { readonly kind: 'spawn'; readonly run: number }
  | { readonly kind: 'signal'; readonly run: number; readonly signal: SignalName }
  /** SIGKILL to everything that the run has left. */
  | { readonly kind: 'kill'; readonly run: number }
  /** A timer lives until the program's kind of state or its run changes. */
  | { readonly kind: 'timer'; readonly run: number; readonly timer: Timer; readonly ms: number };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** Whether the program does not run, and only a command will start it. */
export function isDown(state: State): boolean {
  return state.kind === 'stopped' || state.kind === 'exited' || state.kind === 'fatal';
}

/** Milliseconds that a visitor may wait for a program. For a longer wait, the visitor is told that it is down. */
export const visitorPatience = 2000;

/** Whether the next try is so far away that visitors are told so instead of waiting. */
export function isHopeless(state: State, at: number): boolean {
  return state.kind === 'backoff' && state.until - at > visitorPatience;
}

/** The state of a program that has never been started. */
export const initial: State = { kind: 'stopped', run: 0 };

/** The next state, and what to do. News of an earlier run changes nothing. */
export function step(policy: Policy, state: State, event: Event): Step {
  if ('run' in event && event.run !== state.run) return stay(state);
  switch (state.kind) {
    case 'stopped':
    case 'exited':
    case 'fatal':
      return whenDown(policy, state, event);
    case 'starting':
      return whenStarting(policy, state, event);
    case 'running':
      return whenRunning(policy, state, event);
    case 'backoff':
      return whenBackoff(policy, state, event);
    case 'stopping':
      return whenStopping(policy, state, event);
  }
}

function whenDown(policy: Policy, state: State, event: Event): Step {
  if (event.kind === 'start' || event.kind === 'restart')
    return spawn(state, (state.kind === 'stopped' && state.tries) || 0);
  const isDue = event.kind === 'timer' && event.timer === 'retry' && state.kind === 'exited';
  return isDue && restarts(policy, state.how) ? spawn(state, 0) : stay(state);
}

function whenStarting(policy: Policy, state: State & { kind: 'starting' }, event: Event): Step {
  switch (event.kind) {
    case 'stop':
    case 'restart':
      return end(policy, state, event.kind);
    case 'spawned':
      return spawned(policy, state, event.at);
    case 'ready':
      return running(state, event.at);
    case 'timer':
      return event.timer === 'startsecs' && policy.readiness === 'startsecs'
        ? running(state, event.at)
        : stay(state);
    case 'exited':
      // An exit and the startsecs timer may arrive in either order; the times decide, as in Supervisor.
      return policy.readiness === 'startsecs' &&
        state.since !== null &&
        event.at - state.since >= policy.startsecs
        ? whenRunning(policy, { ...state, kind: 'running', since: state.since }, event)
        : failed(policy, state, policy.supervisord ? supervisorsWords : 'exited too quickly', event);
    case 'spawn-failed':
      return failed(policy, state, event.why, event);
    case 'start':
    case 'overdue':
      return stay(state);
  }
}

function whenRunning(policy: Policy, state: State & { kind: 'running' }, event: Event): Step {
  switch (event.kind) {
    case 'stop':
    case 'restart':
    case 'overdue':
      return end(policy, state, event.kind);
    case 'exited': {
      if (!restarts(policy, event.how)) return stay({ kind: 'exited', run: state.run, how: event.how });
      if (policy.supervisord) return exitedForNow(state, event.how, event.at);
      const next = afterRunning(policy, state.tries, event.at - state.since, event.random);
      return next.delay === 0
        ? spawn(state, next.tries)
        : backoff(state, next, 'exited soon after it had started', event.at);
    }
    // With a startsecs of 0 it counted as up before it became the program.
    case 'spawn-failed':
      return failed(policy, { ...state, kind: 'starting' }, event.why, event);
    default:
      return stay(state);
  }
}

function whenBackoff(policy: Policy, state: State & { kind: 'backoff' }, event: Event): Step {
  switch (event.kind) {
    case 'start':
    case 'restart':
      return spawn(state, 0);
    case 'stop':
      return stay({ kind: 'stopped', run: state.run, ...(policy.supervisord ? { tries: state.tries } : {}) });
    case 'timer':
      return event.timer === 'retry' ? spawn(state, state.tries) : stay(state);
    default:
      return stay(state);
  }
}

function whenStopping(policy: Policy, state: State & { kind: 'stopping' }, event: Event): Step {
  switch (event.kind) {
    case 'start':
    case 'restart':
      return stay({ ...state, next: 'starting' });
    case 'stop':
      return stay({ ...state, next: 'stopped' });
    case 'exited':
      if (state.next === 'exited') return stay({ kind: 'exited', run: state.run, how: event.how });
      return down(state);
    case 'spawn-failed':
      return down(state);
    case 'timer': {
      if (event.timer !== 'kill') return stay(state);
      // A process in an uninterruptible sleep outlives SIGKILL for a while. SIGKILL is sent again.
      const again: Effect = {
        kind: 'timer',
        run: state.run,
        timer: 'kill',
        ms: Math.max(policy.stopwait, 1000),
      };
      return { state, effects: [{ kind: 'kill', run: state.run }, again] };
    }
    case 'spawned':
    case 'ready':
    case 'overdue':
      return stay(state);
  }
}

function down(state: State & { kind: 'stopping' }): Step {
  return state.next === 'starting' ? spawn(state, 0) : stay({ kind: 'stopped', run: state.run });
}

const supervisorsWords = 'Exited too quickly (process log may have details)';

/** EXITED, and started again: at once, or when its last start is long enough ago. */
function exitedForNow(state: State & { kind: 'running' }, how: Exit, at: number): Step {
  const { run } = state;
  const ms = Math.max(0, shortestLife - (at - state.since));
  return { state: { kind: 'exited', run, how }, effects: [{ kind: 'timer', run, timer: 'retry', ms }] };
}

function stay(state: State): Step {
  return { state, effects: [] };
}

function spawn(state: State, tries: number): Step {
  const run = state.run + 1;
  return { state: { kind: 'starting', run, tries, since: null }, effects: [{ kind: 'spawn', run }] };
}

function spawned(policy: Policy, state: State & { kind: 'starting' }, at: number): Step {
  const { run } = state;
  const timer: Effect = { kind: 'timer', run, timer: 'startsecs', ms: policy.startsecs };
  return { state: { ...state, since: at }, effects: policy.readiness === 'startsecs' ? [timer] : [] };
}

function running(state: State & { kind: 'starting' }, at: number): Step {
  return stay({ kind: 'running', run: state.run, tries: state.tries, since: at });
}

const afterwards = { stop: 'stopped', restart: 'starting', overdue: 'exited' } as const;

function end(policy: Policy, state: State, how: keyof typeof afterwards): Step {
  const { run } = state;
  return {
    state: { kind: 'stopping', run, next: afterwards[how] },
    effects: [
      { kind: 'signal', run, signal: policy.stopsignal },
      { kind: 'timer', run, timer: 'kill', ms: policy.stopwait },
    ],
  };
}

function failed(
  policy: Policy,
  state: State & { kind: 'starting' },
  why: string,
  event: { at: number; random: number },
): Step {
  const next = afterFailedStart(policy, state.tries, event.random);
  return next === 'give-up'
    ? stay({ kind: 'fatal', run: state.run, why })
    : backoff(state, next, why, event.at);
}

function backoff(state: State, next: Backoff, why: string, at: number): Step {
  return {
    state: { kind: 'backoff', run: state.run, tries: next.tries, why, until: at + next.delay },
    effects: [{ kind: 'timer', run: state.run, timer: 'retry', ms: next.delay }],
  };
}

function restarts(policy: Policy, how: Exit): boolean {
  const expected = how.code !== null && policy.exitcodes.includes(how.code);
  return policy.autorestart === 'always' || (policy.autorestart === 'unexpected' && !expected);
}
