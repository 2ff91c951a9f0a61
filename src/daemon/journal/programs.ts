// Listens to the programs' changes, and tells the journal.

import { describeExit } from '../../lifecycle/view.ts';
import { maySleep } from '../../model/sleep.ts';
import type { Tell } from '../events/bus.ts';
import type { Loop, Observed } from '../fleet/loop.ts';
import { happeningsOf } from './causes.ts';
import type { AskMemory } from './memory-kills.ts';

/** Who asks for what falls asleep. */
const nobody = { what: 'idle', user: null };

export function rememberPrograms(loop: Loop, tell: Tell, askMemory: AskMemory): void {
  loop.observe(({ entry, changes, isAsked }: Observed) => {
    for (const { unit, before, pid, isProgram } of changes) {
      if (!isProgram) continue;
      const { program, state, lastExit, policy, unasked } = unit;
      if (before.kind === state.kind && before.run === state.run) continue;
      // What somebody has asked for goes on for as long as the program is on its way down.
      const isAskers = isAsked || before.kind === 'stopping';
      const isKilled = lastExit?.signal === 'SIGKILL' && before.kind !== 'stopping' && !isAsked;
      const isBound = lastExit?.oom !== undefined;
      for (const happening of happeningsOf({
        name: program.name,
        before,
        after: state,
        lastExit,
        exitcodes: policy.exitcodes,
        pid,
        asker: entry.service.asleep && maySleep(program) ? nobody : isAskers ? entry.asker : null,
        unasked,
        memory: isBound ? describeExit(lastExit) : isKilled && pid > 0 ? askMemory() : null,
      }))
        tell(happening);
    }
  });
}
