// Makes events from the changes of services: events of states, and of groups that come and go.

import { aboutOf } from '../../model/about.ts';
import { maySleep } from '../../model/sleep.ts';
import type { Loop, Observed } from '../fleet/loop.ts';
import type { Bus } from './bus.ts';
import type { Pools } from './pools.ts';
import { transitionsBetween } from './transitions.ts';

export function tellOfPrograms(loop: Loop, bus: Bus, pools: Pools): void {
  /** The group of each program. */
  const groups = new Map<string, string>();
  const isThere = (group: string) => [...groups.values()].includes(group);

  const appear = ({ entry, changes }: Observed) => {
    const { name } = entry;
    for (const { unit } of changes) {
      const { program } = unit;
      if (program.listener !== null) pools.keep(program);
      if (groups.get(name) === program.group) continue;
      const isNew = !isThere(program.group);
      groups.set(name, program.group);
      if (isNew) bus.emit({ kind: 'process-group', change: 'ADDED', group: program.group });
    }
  };
  const disappear = ({ entry, isGone }: Observed) => {
    const group = groups.get(entry.name);
    if (!isGone || group === undefined) return;
    groups.delete(entry.name);
    if (isThere(group)) return;
    pools.drop(group);
    bus.emit({ kind: 'process-group', change: 'REMOVED', group });
  };

  loop.observe(observed => {
    appear(observed);
    for (const { unit, before, pid, isProgram } of observed.changes) {
      if (!isProgram) continue;
      const { program, state, lastExit, policy } = unit;
      for (const step of transitionsBetween(before, state, lastExit, policy.exitcodes)) {
        const { from, tries, expected } = step;
        // Whoever waits to be tried again when hostd ends is given up.
        const to = loop.isEnding() && from === 'BACKOFF' && step.to === 'STOPPED' ? 'FATAL' : step.to;
        bus.emit({
          kind: 'process-state',
          program: program.name,
          ...aboutOf(program),
          to,
          from,
          tries,
          expected,
          pid: from === 'BACKOFF' ? 0 : pid,
          idle: observed.entry.service.asleep && maySleep(program) && (to === 'STOPPING' || to === 'STOPPED'),
        });
      }
      if (program.listener !== null) pools.changed(unit);
    }
    disappear(observed);
  });
}
