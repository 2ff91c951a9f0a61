// Ends all processes in Supervisor's order: group after group, the highest priority number first, each group completely before
// the next.

import { stateName } from '../../lifecycle/view.ts';
import type { Program } from '../../model/host.ts';
import type { Pools } from '../events/pools.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import type { Logger } from '../own/log.ts';
import type { Groups } from './groups.ts';

/** Milliseconds between two lines that say which processes are waited for. */
const reportEvery = 3000;

/** Milliseconds for event listeners to hear how everything else has been stopped. */
const lastWords = 300;

/** Resolves when nothing runs any more. */
export async function stopEverything(
  supervisor: Supervisor,
  groups: Groups,
  listeners: Pick<Pools, 'rest'>,
  log: Logger,
): Promise<void> {
  supervisor.loop.end();
  const isUp = (program: Program) => {
    const unit = groups.unit(program);
    return (
      unit !== undefined && ['RUNNING', 'STARTING', 'BACKOFF', 'STOPPING'].includes(stateName(unit.state))
    );
  };
  const stop = (program: Program) =>
    new Promise<void>(resolve => {
      supervisor.loop.ask(program.name, { kind: 'stop' }, () => resolve());
    });
  const active = groups.active();
  const all = active.flatMap(({ programs }) => programs);
  const tell = (programs: readonly Program[]) => {
    const left = programs.map(({ name, supervisord }) => supervisord?.process ?? name);
    if (left.length > 0) log.info(`waiting for ${left.join(', ')} to die`);
  };
  const isWaiting = (program: Program) => groups.unit(program)?.state.kind === 'backoff';
  // Supervisor has given up those of its last group by then, and has yet to look at the other groups.
  const first = all.filter(
    program => isUp(program) && !(active.at(-1)?.programs.includes(program) && isWaiting(program)),
  );
  // A process that does not run will not be started any more.
  for (const program of all) {
    const unit = groups.unit(program);
    if (unit !== undefined && unit.run === null) void stop(program);
  }
  const reports = setInterval(() => tell(all.filter(isUp)), reportEvery);
  let isSaid = false;
  for (const { programs } of active.toReversed()) {
    // Between two groups Supervisor takes a turn, in which a listener hears what has been stopped before it.
    if (programs.some(({ kind }) => kind === 'listener')) await listeners.rest(lastWords);
    const ended = programs.filter(isUp).toReversed().map(stop);
    if (!isSaid) tell(first);
    isSaid = true;
    await Promise.all(ended);
  }
  clearInterval(reports);
}
