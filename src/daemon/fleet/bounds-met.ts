// Tells what the kernel has refused a program, or killed of it, because of a bound: gunicorn goes on without one of its workers, so the end
// of the program tells nothing. What an app does there, however often, wakes hostd once a second at most.

import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type QuietWatch, watchQuietly } from '../../linux/quiet-watch.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import { levelsOf } from '../runs/cgroup-files.ts';
import { boundMet, newKills } from '../runs/oom.ts';
import { refusedForks, tasksBound } from '../runs/tasks.ts';
import type { Unit } from './unit.ts';

/** Milliseconds between two looks. */
const rest = 1000;

/** Listens for as long as the unit has its present run, which is in this cgroup. Returns what ends that. */
export function hearOfBounds(unit: Unit, cgroup: string, log: Logger, tell: Tell): () => void {
  const { run, program } = unit;
  const { name } = program;
  // Those that an earlier hostd has told of, where it is adopted.
  newKills(cgroup, Number.NEGATIVE_INFINITY);
  let refused = refusedForks(cgroup);

  const lookForKills = () => {
    const kills = newKills(cgroup, performance.now());
    if (kills === null) return false;
    unit.killed = `the kernel has killed ${kills === 1 ? 'a process' : `${kills} processes`} of it: ${boundMet(cgroup)}`;
    tell({ kind: 'oom', name, cause: unit.killed });
    log.error({ program: name, run: run?.number, kills }, `${name}: ${unit.killed}`);
    return true;
  };
  const lookForTasks = () => {
    const before = refused;
    refused = refusedForks(cgroup);
    const bound = tasksBound(cgroup);
    if (refused <= before || bound === null) return false;
    const why = `${bound} reached: the kernel has refused it another process or thread`;
    // Once for a run: what forks in a loop would fill the log.
    if (unit.refused !== why) {
      tell({ kind: 'tasks', name, cause: why });
      log.error({ program: name, run: run?.number }, `${name}: ${why}`);
    }
    unit.refused = why;
    return true;
  };

  const alive = (look: () => boolean) => () => unit.run === run && look();
  const watches = [
    listen(join(cgroup, 'memory.events'), alive(lookForKills)),
    ...levelsOf(cgroup).map(level => listen(join(level, 'pids.events'), alive(lookForTasks))),
  ];
  return () => {
    for (const stop of watches) stop();
  };
}

function listen(file: string, look: () => boolean): () => void {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    // There is no such controller. The program's end, or its log, will tell.
    return () => {};
  }
  const watch: QuietWatch = watchQuietly(fd, rest, look);
  return () => {
    watch.close();
    closeSync(fd);
  };
}
