// What `hostctl status` says of a scheduled program: when it is run next, and what has come of its last run. Pure.

import { describe } from '../../lifecycle/schedule.ts';
import type { ProgramStatus } from '../../protocol/control.ts';
import { localTime } from '../../words/timestamp.ts';
import { isDown } from '../fleet/unit.ts';
import type { Job } from './job.ts';

/** Returns the status with the schedule's part in it. */
export function noteSchedule(
  status: ProgramStatus,
  { name, unit, isWanted, next, memory: { last } }: Job,
): ProgramStatus {
  const seconds = (at: number) => Math.floor(at / 1000);
  const state = !isDown(unit) ? 'runs' : isWanted ? 'waits' : 'stopped';
  const text = describe({ name, state, next, last }, localTime);
  const parts = [state === 'waits' ? '' : status.description, text];
  return {
    ...status,
    description: parts.filter(part => part !== '').join('; '),
    schedule: {
      next: next === null ? null : seconds(next),
      last: last && {
        result: last.result,
        why: last.why,
        started: seconds(last.began),
        seconds: last.ended === null ? null : Math.max(0, seconds(last.ended - last.began)),
      },
    },
  };
}
