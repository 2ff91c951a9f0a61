// Ends the processes of one user. A pidfd holds each process while it is looked at, so none is mistaken for another.

import { closeSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostdError } from '../errors.ts';
import { pids } from '../linux/procfs.ts';
import { native } from '../native/index.ts';

const SIGKILL = 9;
/** Milliseconds. A process that forks while it is killed takes several rounds. */
const patience = 5000;
const pause = 20;

/** Kills every process whose real or effective user this is. @throws HostdError when some do not end */
export async function endProcessesOf(uid: number): Promise<void> {
  if (uid === 0) throw new HostdError('permission', 'cannot end the processes of root');
  const deadline = performance.now() + patience;
  for (;;) {
    const left = processesOf(uid);
    if (left.length === 0) return;
    if (performance.now() > deadline)
      throw new HostdError('failed', `cannot end the processes ${left.join(', ')}`, { hint: `ps -u ${uid}` });
    for (const pid of left) kill(pid, uid);
    await sleep(pause);
  }
}

export function processesOf(uid: number): readonly number[] {
  return pids().filter(pid => belongsTo(pid, uid));
}

function kill(pid: number, uid: number): void {
  try {
    const pidfd = native.pidfdOpen(pid);
    try {
      if (belongsTo(pid, uid)) native.pidfdSignal(pidfd, SIGKILL);
    } finally {
      closeSync(pidfd);
    }
  } catch {
    // The process has ended.
  }
}

/** Whether the process is the user's. A zombie is its parent's affair. */
function belongsTo(pid: number, uid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const [, real, effective] = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status) ?? [];
    return !/^State:\s+[ZX]/m.test(status) && (Number(real) === uid || Number(effective) === uid);
  } catch {
    return false;
  }
}
