// Applies changed bounds to programs that run, and says which do not hold.

import { boundsIn, boundsOf, noBounds } from '../../model/bounds.ts';
import type { Program } from '../../model/host.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import { unheldKeys, unheldText } from '../runs/bounds.ts';
import type { Cgroups } from '../runs/cgroup-tree.ts';
import type { Run } from '../runs/run.ts';
import { hearOfBounds } from './bounds-met.ts';
import type { Entry, Loop } from './loop.ts';
import type { Unit } from './unit.ts';

interface Held {
  readonly run: Run;
  /** The bounds that were applied last. */
  bounds: string;
  /** Ends listening to the kernel; null: nobody listens. */
  deafen: (() => void) | null;
}

/** Follows the programs for as long as hostd lives. A program without bounds costs nothing. */
export function keepBounds(loop: Loop, cgroups: Cgroups | null, log: Logger, tell: Tell): void {
  const held = new Map<Unit, Held>();
  /** The last report about each program. */
  const said = new Map<string, string>();

  const follow = (entry: Entry) => {
    for (const unit of entry.units.values()) {
      const { run, program } = unit;
      const known = held.get(unit);
      if (known !== undefined && known.run !== run) {
        known.deafen?.();
        held.delete(unit);
      }
      if (run === null) continue;
      const isBound = boundsOf(program).length > 0;
      if (!isBound && !held.has(unit)) continue;
      const one = held.get(unit) ?? { run, bounds: '', deafen: null };
      held.set(unit, one);
      const bounds = JSON.stringify([boundsIn(program), program.appBounds ?? noBounds]);
      if (one.bounds === bounds) continue;
      one.bounds = bounds;
      void hold(unit, run, program);
      if (run.cgroup !== null) one.deafen ??= hearOfBounds(unit, run.cgroup, log, tell);
    }
  };

  const hold = async (unit: Unit, run: Run, program: Program) => {
    const unheld =
      cgroups === null || run.cgroup === null
        ? withoutCgroups(program)
        : await cgroups.bind(run.cgroup, program);
    if (unit.run !== run) return;
    unit.unbound = unheld;
    if (unheld === (said.get(program.name) ?? null)) return;
    if (unheld === null) said.delete(program.name);
    else {
      said.set(program.name, unheld);
      log.warn({ program: program.name }, `${program.name}: ${unheld}`);
    }
  };

  loop.observe(({ entry }) => follow(entry));
  // A run that has just begun must not be in an event before it is up.
  loop.listen(unit => {
    const entry = loop.entries.get(unit.program.name);
    if (entry !== undefined) follow(entry);
  });
}

function withoutCgroups(program: Program): string | null {
  const keys = unheldKeys(program, new Set());
  return keys.length === 0
    ? null
    : unheldText(
        keys,
        'there is no cgroup v2 that hostd may use: start hostd by systemd, with etc/hostd.service',
      );
}
