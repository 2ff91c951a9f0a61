// Supervisor's states by their codes, and groups of states. Pure.

export const processStates: Readonly<Record<number, string>> = {
  0: 'STOPPED',
  10: 'STARTING',
  20: 'RUNNING',
  30: 'BACKOFF',
  40: 'STOPPING',
  100: 'EXITED',
  200: 'FATAL',
  1000: 'UNKNOWN',
};

export const moods: Readonly<Record<number, string>> = {
  2: 'FATAL',
  1: 'RUNNING',
  0: 'RESTARTING',
  '-1': 'SHUTDOWN',
};

interface HasState {
  readonly state: number;
}

/** RUNNING, STARTING or BACKOFF: hostd keeps it up, or tries to. */
export function isUp({ state }: HasState): boolean {
  return state === 20 || state === 10 || state === 30;
}

export function isSignallable({ state }: HasState): boolean {
  return state === 20 || state === 10 || state === 40;
}
