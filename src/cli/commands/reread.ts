// hostctl reread

import type { RereadReply } from '../../protocol/control.ts';
import { changeLines, printProblems } from '../client/changes.ts';
import { connect } from '../client/socket.ts';
import { type Command, noOperands } from '../program/command.ts';

export const reread: Command = {
  name: 'reread',
  summary: 'show what update would change',
  usage: '',
  help: `
Reads the configuration again and prints what differs from what runs: available (new), changed, disappeared.
Changes nothing; hostctl update does. Exit code: 0, or 1 when the configuration has errors.`,
  options: {},
  operands: noOperands,
  async run(input, context) {
    const client = await connect(input, context);
    const reply = await client.get<RereadReply>({ method: 'POST', path: 'reread' });
    const code = printProblems(reply.problems, context);
    const lines = changeLines(reply);
    for (const line of lines) context.stdout.write(`${line}\n`);
    if (lines.length === 0) context.stdout.write('no changes\n');
    return code;
  },
};
