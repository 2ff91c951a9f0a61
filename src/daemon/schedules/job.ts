// A scheduled program, with what is known of its runs. Types and their order alone.

import type { Memory, Timetable } from '../../lifecycle/schedule.ts';
import type { Schedule } from '../../model/host.ts';
import type { Unit } from '../fleet/unit.ts';
import type { TimeLimit } from './time-limit.ts';

export interface Job {
  readonly name: string;
  unit: Unit;
  schedule: Schedule;
  timetable: Timetable;
  memory: Memory;
  /** Unix time in milliseconds; null: never, or not while it is stopped. */
  next: number | null;
  isWanted: boolean;
  /** It is about to be begun. */
  isQueued: boolean;
  readonly limit: TimeLimit;
}

/** For sort(): what is due first comes first, and by name what is due together. */
export function byTime(a: Job, b: Job): number {
  const [left, right] = [a.next ?? Number.POSITIVE_INFINITY, b.next ?? Number.POSITIVE_INFINITY];
  return left === right ? (a.name < b.name ? -1 : 1) : left - right;
}
