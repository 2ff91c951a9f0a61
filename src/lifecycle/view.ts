// A program's state in Supervisor's words, for status. Pure.

import type { StateName } from '../model/state.ts';
import type { Exit, State } from './process.ts';

const names = {
  stopped: 'STOPPED',
  starting: 'STARTING',
  running: 'RUNNING',
  backoff: 'BACKOFF',
  stopping: 'STOPPING',
  exited: 'EXITED',
  fatal: 'FATAL',
} as const satisfies Record<State['kind'], StateName>;

export function stateName(state: State): StateName {
  return names[state.kind];
}

/** Why a program does not run; "" when nothing is wrong. */
export function spawnError(state: State): string {
  return state.kind === 'backoff' || state.kind === 'fatal' ? state.why : '';
}

/** "exit status 3", "ended by SIGKILL". */
export function describeExit(how: Exit): string {
  if (how.oom !== undefined) return `killed by the kernel: ${how.oom}`;
  if (how.signal !== null) return `ended by ${how.signal}`;
  return how.code === null ? 'ended' : `exit status ${how.code}`;
}

/** Whole seconds as Supervisor writes an uptime: "0:00:07", "1 day, 2:03:04". */
export function formatUptime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86400);
  const two = (n: number) => String(n).padStart(2, '0');
  const clock = `${Math.floor((whole % 86400) / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  if (days === 0) return clock;
  return `${days} day${days === 1 ? '' : 's'}, ${clock}`;
}
