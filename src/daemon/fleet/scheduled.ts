// What commands mean for a scheduled program. `start` and `restart` run it now where they name it. Where they mean a group, or
// all, it only is to be run at its times again: nobody who starts a site wants its backup and its invoices at once.

import type { Program } from '../../model/host.ts';
import { ask, type Command, type Report } from './orders.ts';
import type { Supervisor } from './supervisor.ts';

/** The command, but for the scheduled programs that no name means alone. */
export function unlessGathered(names: readonly string[], command: Command): Command {
  return async (supervisor, programs, report) => {
    const isGathered = (program: Program) => program.schedule !== null && !isNamed(program, names);
    await Promise.all([
      command(
        supervisor,
        programs.filter(program => !isGathered(program)),
        report,
      ),
      ...programs.filter(isGathered).map(program => awaitTime(supervisor, program, report)),
    ]);
  };
}

function isNamed({ name, group }: Program, names: readonly string[]): boolean {
  return names.some(typed => typed === name || typed === `${group}:${name}`);
}

/** It is run at its times again, if somebody had stopped it. What runs goes on. */
async function awaitTime(supervisor: Supervisor, { name }: Program, report: Report): Promise<void> {
  const { outcome } = await ask(supervisor, name, { kind: 'await' }, report);
  const done = (result: 'ok' | 'noop' | 'failed', message: string) =>
    report({ kind: 'done', name, outcome: result, message: `${name}: ${message}` });
  if (outcome.kind === 'done') done('ok', 'is run at its times again');
  else if (outcome.kind === 'already') done('noop', `is run at its times; now: hostctl start ${name}`);
  else done('failed', 'an update has removed it');
}
