// From a child that waits at its gate to a run. The run is written down first, so that the next hostd knows every program that runs.
// Then the child is let go. A child that could not be written down never becomes the program, and is reaped.

import { closeSync, writeSync } from 'node:fs';
import { HostdError } from '../../errors.ts';
import { launchFailure } from '../../linux/launch-failure.ts';
import { identify } from '../../linux/procfs.ts';
import type { Program } from '../../model/host.ts';
import { type Launched, native } from '../../native/index.ts';
import type { SocketId } from '../sockets/socket-identity.ts';
import type { Ends } from './pipes.ts';
import type { Records } from './records.ts';
import type { Run } from './run.ts';

export interface Admission {
  readonly program: Program;
  readonly number: number;
  readonly cgroup: string | null;
  readonly marker: string;
  readonly refusal?: string | undefined;
  readonly executed?: Run['executed'];
  readonly sockets: readonly SocketId[];
  readonly isTrial: boolean;
  readonly isKeeper: boolean;
  readonly ends: Ends;
}

/** Milliseconds after which a child whose end cannot be waited for is reaped. */
const buryLate = 1000;

/** @throws when the run cannot be written down, or the child has failed already. */
export function admitChild(child: Launched, admission: Admission, records: Records): Run {
  const { program, number, cgroup, marker, refusal, executed, sockets, isTrial, isKeeper, ends } = admission;
  let pidfd = -1;
  try {
    pidfd = native.pidfdOpen(child.pid);
    const id = identify(child.pid);
    if (id === null) throw new HostdError('failed', 'cannot start: ended before it had begun');
    const startedAt = Date.now();
    const record = {
      name: program.name,
      run: number,
      process: id,
      cgroup,
      startedAt,
      marker,
      sockets,
      program,
      ...(isTrial ? { isTrial } : {}),
      ...(isKeeper ? { isKeeper } : {}),
    };
    records.write({ version: 1, ...record });
    writeSync(child.gate, '\n');
    closeSync(child.gate);
    const { status } = child;
    return {
      number,
      process: id,
      pidfd,
      cgroup,
      startedAt,
      status,
      refusal,
      executed,
      marker,
      ends,
      sockets,
    };
  } catch (error) {
    const failure = launchFailure(child.status);
    // When its gate closes, the child ends before any of the program's code runs.
    closeSync(child.gate);
    closeSync(child.status);
    records.remove(program.name, number);
    bury(child.pid, pidfd);
    throw failure === null ? error : new HostdError('failed', failure);
  }
}

function bury(pid: number, pidfd: number): void {
  if (pidfd < 0) {
    setTimeout(() => native.reap(pid), buryLate);
    return;
  }
  native.watch(pidfd, () => {
    closeSync(pidfd);
    native.reap(pid);
  });
}
