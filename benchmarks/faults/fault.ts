// The faults that a stack meets under load.

import { childrenOf } from '../../integration/harness/processes.ts';
import type { Stack } from './stack.ts';

export interface Fault {
  readonly name: string;
  happen(stack: Stack): Promise<void>;
}

export const faults: readonly Fault[] = [
  {
    name: 'kill -9 of the gunicorn master',
    happen: async stack => kill(stack.masters()),
  },
  {
    name: 'kill -9 of every gunicorn process',
    happen: async stack =>
      kill(stack.masters().flatMap(pid => [pid, ...childrenOf(pid).map(child => child.pid)])),
  },
  { name: 'kill -9 of the supervisor, and its next start', happen: stack => stack.killSupervisor() },
  { name: 'deploy', happen: stack => stack.deploy() },
];

function kill(pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}
