// hostctl pid

import { fetchStatus } from '../client/names.ts';
import { connect } from '../client/socket.ts';
import type { Command } from '../program/command.ts';
import { errorText } from '../program/print.ts';
import { printUnknown } from './status.ts';

export const pid: Command = {
  name: 'pid',
  summary: 'print the pid of hostd, or of programs',
  usage: '[NAME ...]',
  help: `
Prints the pid of hostd, or of each program named, one a line.
Exit code: 0, or 1 when one of them is not running.`,
  options: {},
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'NAME', complete: 'programs' },
  async run(input, context) {
    const client = await connect(input, context);
    if (input.operands.length === 0) {
      const reply = await client.get<{ pid: number }>({ method: 'GET', path: 'pid', timeout: 10 });
      context.stdout.write(`${reply.pid}\n`);
      return 0;
    }
    const { programs, unknown } = await fetchStatus(client, input.operands);
    for (const name of unknown) await printUnknown(name, client, context);
    for (const { name, pid, state } of programs) {
      if (pid !== null) context.stdout.write(`${pid}\n`);
      else
        context.stderr.write(
          errorText(context.program.name, `"${name}" has no pid: it is ${state}`, undefined),
        );
    }
    return unknown.length > 0 || programs.some(program => program.pid === null) ? 1 : 0;
  },
};
