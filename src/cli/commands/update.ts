// hostctl update

import { act } from '../client/act.ts';
import { changeLines, printProblems } from '../client/changes.ts';
import { connect } from '../client/socket.ts';
import { type Command, noOperands } from '../program/command.ts';

export const update: Command = {
  name: 'update',
  summary: 'read the configuration again and apply what changed',
  usage: '[--dry-run]',
  help: `
Starts programs that are new, restarts those that changed, stops and removes those that are gone.
The others are not touched. [proxy], [web], [metrics], [supervisor], [notify] and [emit] are put into force, too; what only another hostd
can use, such as [control] or state_dir, is said. An app whose file has errors is left as it was, and reported.
Exit code: 0, or 1 when something failed or the configuration has errors.`,
  options: {
    'dry-run': { type: 'boolean', help: 'only show what would be done' },
  },
  operands: noOperands,
  async run(input, context) {
    const client = await connect(input, context);
    const dryRun = input.options['dry-run'] === true;
    return act(client, { method: 'POST', path: 'update', body: { dryRun } }, context, reread => {
      const code = printProblems(reread.problems, context);
      const lines = changeLines(reread);
      if (dryRun) for (const line of lines) context.stdout.write(`${line}\n`);
      if (lines.length === 0) context.stdout.write('no changes\n');
      return code;
    });
  },
};
