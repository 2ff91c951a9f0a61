// The mark of a hand-over (hand-over.ts) in a supervisord's place. It lists processes that another hostd has now. While one of them lives,
// no supervisord begins with this configuration, since it would start each a second time.

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostdError } from '../../errors.ts';
import { isAlive, type ProcessId } from '../../linux/procfs.ts';

interface Taken {
  /** Of the hostd that has them now. */
  readonly stateDir: string;
  readonly processes: readonly ProcessId[];
}

const pathOf = (place: string) => join(place, 'taken.json');

export function markTaken(place: string, taken: Taken): void {
  const path = pathOf(place);
  writeFileSync(`${path}.new`, JSON.stringify(taken), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** The caller has the place's lock. @throws HostdError 'conflict' while one of the processes lives. */
export function refuseTaken(place: string): void {
  let taken: Taken;
  try {
    taken = JSON.parse(readFileSync(pathOf(place), 'utf8')) as Taken;
  } catch {
    // There is none.
    return;
  }
  const alive = taken.processes.filter(isAlive);
  if (alive.length === 0) {
    rmSync(pathOf(place), { force: true });
    return;
  }
  const pids = alive.map(({ pid }) => pid).join(', ');
  throw new HostdError(
    'conflict',
    `cannot start: its processes were handed over to the hostd with state directory "${taken.stateDir}", and live (pid ${pids})`,
    {
      hint: 'systemctl start hostd, which has them. To go back: systemctl stop hostd. The hand-over was interrupted: --hand-over again',
    },
  );
}
