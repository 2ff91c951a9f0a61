// Asks programs for their health: those with a health path, from their spawn until they are RUNNING.

import type { State } from '../../lifecycle/process.ts';
import type { Host } from '../../model/host.ts';
import { isLate } from '../../protocol/probe.ts';
import { silence } from '../../protocol/silence.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import { setLongTimeout } from '../own/long-timeout.ts';
import type { Loop } from './loop.ts';
import { type Probe, questionFor, startProbe } from './probe.ts';
import type { Unit } from './unit.ts';

/** Follows the units' states for as long as hostd lives. */
export function askForHealth(loop: Loop, host: () => Host, log: Logger, tell: Tell): void {
  const probes = new Map<Unit, Probe>();
  loop.listen((unit, before) => {
    const run = spawnedRun(unit.state);
    if (run === spawnedRun(before)) return;
    probes.get(unit)?.stop();
    probes.delete(unit);
    const { health, socket } = unit.program;
    if (run !== null) unit.unasked = null;
    // Two generations share the socket, so a probe would not know which one answers. The new one has been asked on its trial.
    if (run === null || health === null || socket === null || unit.isNext) return;
    unit.waitsFor = health.path;
    let said = '';
    const { id: generation } = unit;
    const ready = () =>
      loop.post(unit.program.name, { kind: 'process', generation, news: { kind: 'ready', run } });
    const probe = startProbe(
      host(),
      questionFor(host(), unit.program, { socket: socket.path, path: health.path, once: false }),
      {
        onAnswer(answer) {
          if (probes.get(unit) !== probe) return;
          if (answer.kind === 'healthy') ready();
          else {
            unit.waitsFor = `${health.path}: ${silence(answer.why)}`;
            // That nobody listens yet is usual.
            const isAnswer = answer.status !== 0 || isLate(answer);
            if (!isAnswer || said === answer.why) return;
            said = answer.why;
            tell({ kind: 'health', name: unit.program.name, cause: unit.waitsFor });
          }
        },
        onGivenUp(why) {
          if (probes.get(unit) !== probe) return;
          const { name } = unit.program;
          log.error({ program: name, run }, `cannot ask "${name}" for its health: ${why}`);
          unit.unasked = why;
          tell({ kind: 'health', name, cause: `cannot be asked: ${why}` });
          // The next best sign is that it has stayed up for startsecs.
          setLongTimeout(ready, unit.policy.startsecs);
        },
      },
    );
    probes.set(unit, probe);
  });
}

/** The run that has been spawned and is not RUNNING yet; null: there is none. */
function spawnedRun(state: State): number | null {
  return state.kind === 'starting' && state.since !== null ? state.run : null;
}
