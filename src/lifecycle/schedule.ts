// When a scheduled program is run, what it has missed, and what has come of its runs. Pure: the clock and the timetable come in.
// All times are Unix times in milliseconds.

import type { Exit, State } from './process.ts';
import { describeExit, formatUptime } from './view.ts';

/** The first time of a schedule after this one; null: there is none. */
export type Timetable = (after: number) => number | null;

/** What is kept of a scheduled program beyond hostd's own life. */
export interface Memory {
  /** The schedule, in words of its own, that `upTo` is about. */
  readonly rule: string;
  /** Its times up to here are done with. null: its times mean nothing, since it is stopped. */
  readonly upTo: number | null;
  /** When the run began that nobody has seen the end of; null: there is none. */
  readonly begun: number | null;
  readonly last: Result | null;
}

/** What has come of a run. */
export interface Result {
  /** `stopped`: by somebody, or with hostd. `unknown`: nobody was there to see it. */
  readonly result: 'ok' | 'failed' | 'stopped' | 'unknown';
  readonly began: number;
  /** null: nobody knows. */
  readonly ended: number | null;
  /** "exit status 1". */
  readonly why: string;
}

/** A run that is no later than this is begun, whatever `catchUp` says: hostd was being restarted, or the machine slept. */
export const tolerance = 5 * 60_000;

/** A clock that is put back by no more than this repeats no time; one that is put back by more was wrong before. */
export const mostRepeat = 3 * 3_600_000;

/** Milliseconds within which all runs of one minute begin, and the most between two of them. */
export const longestSpread = 30_000;
const widestStep = 1000;

/** The memory of a program whose schedule is `rule`. `isWanted`: it has not been stopped. */
export function follow(known: Memory | null, rule: string, isWanted: boolean, now: number): Memory {
  const isNew = known?.rule !== rule;
  const upTo = !isWanted ? null : isNew ? now : (known.upTo ?? now);
  if (known !== null && !isNew && upTo === known.upTo) return known;
  return { rule, upTo, begun: known?.begun ?? null, last: known?.last ?? null };
}

/** When it is to be run next, in the past if that is overdue; null: never. */
export function nextTime({ upTo }: Pick<Memory, 'upTo'>, timetable: Timetable, now: number): number | null {
  if (upTo === null) return null;
  return timetable(upTo - now > mostRepeat ? now : upTo);
}

/** What to do about a time that has come. */
export function verdict(due: number, now: number, catchUp: boolean): 'run' | 'missed' {
  return catchUp || now - due <= tolerance ? 'run' : 'missed';
}

/** Milliseconds between the beginnings of so many runs that are due together. */
export function stepOf(runs: number): number {
  return Math.min(widestStep, longestSpread / Math.max(1, runs));
}

/** What a run has come to, by the state that the program has now. `overdue`: it was stopped for having taken too long. */
export function resultOf(
  state: State,
  began: number,
  ended: number,
  { exitcodes, overdue }: { readonly exitcodes: readonly number[]; readonly overdue: boolean },
): Result {
  const result = (result: Result['result'], why: string): Result => ({ result, began, ended, why });
  if (state.kind === 'fatal') return result('failed', `cannot start: ${state.why}`);
  if (state.kind !== 'exited') return result('stopped', 'stopped');
  const { how } = state;
  if (overdue) return result('failed', `stopped at its time limit (${describeExit(how)})`);
  if (isUnknown(how)) return result('unknown', 'nobody could see how it ended');
  return result(how.code !== null && exitcodes.includes(how.code) ? 'ok' : 'failed', describeExit(how));
}

/** Of a run that had ended when a hostd came that knew of its beginning. */
export function unseen(began: number): Result {
  return { result: 'unknown', began, ended: null, why: 'it ended while no hostd was there' };
}

function isUnknown({ code, signal }: Exit): boolean {
  return code === null && signal === null;
}

/** A scheduled program at a glance. */
export interface Glance {
  readonly name: string;
  readonly state: 'waits' | 'runs' | 'stopped';
  readonly next: number | null;
  readonly last: Result | null;
}

/** What status says of it; `time` writes a time for people. */
export function describe({ name, state, next, last }: Glance, time: (at: number) => string): string {
  const isBad = last !== null && last.result === 'failed';
  const told = last === null || (state !== 'waits' && !isBad) ? null : describeLast(last, time);
  if (state === 'runs') return told ?? '';
  const stopped = `not run by its schedule until: hostctl start ${name}`;
  const coming = state === 'stopped' ? stopped : next === null ? null : `next run ${time(next)}`;
  const parts = isBad ? [told, coming] : [coming, told];
  return parts.filter(part => part !== null).join('; ');
}

function describeLast({ result, began, ended, why }: Result, time: (at: number) => string): string {
  const took = ended === null ? '' : ` after ${formatUptime((ended - began) / 1000)}`;
  switch (result) {
    case 'ok':
      return `last run ${time(began)}, ended well${took}`;
    case 'failed':
      return `last run failed ${time(began)}: ${why}${took}`;
    case 'stopped':
      return `last run ${time(began)}, was stopped${took}`;
    case 'unknown':
      return `last run ${time(began)}, result unknown: ${why}`;
  }
}
