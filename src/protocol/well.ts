// Whether a program is as it should be, as status ends with 0 for it.

import type { ProgramStatus } from './control.ts';

/** Whether a program is as it should be: it runs, sleeps until it is needed, or waits for its time and has not failed at the last one. */
export function isWell({
  state,
  schedule,
  idle_since = null,
}: Pick<ProgramStatus, 'state' | 'schedule'> & Partial<Pick<ProgramStatus, 'idle_since'>>): boolean {
  // An older hostd knows of no schedules, and of no sleep.
  if (schedule == null) return state === 'RUNNING' || idle_since !== null;
  if (schedule.last?.result === 'failed') return false;
  return state === 'RUNNING' || (schedule.next !== null && (state === 'STOPPED' || state === 'EXITED'));
}
