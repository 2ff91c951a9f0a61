// hostctl help and hostd help

import type { Command } from '../program/command.ts';
import { commandHelp, programHelp } from '../program/help.ts';
import { entries, find } from '../program/program.ts';
import { hostctl, hostd, programNamed } from '../tables.ts';

export const help: Command = {
  name: 'help',
  summary: 'explain a command',
  usage: '[COMMAND]',
  help: 'Shows all commands, or how to use one.',
  options: {},
  operands: {
    min: 0,
    max: 1,
    what: 'COMMAND',
    complete: [...new Set([...entries(hostctl), ...entries(hostd)].map(entry => entry.name))],
  },
  async run({ operands }, context) {
    const program = programNamed(context.program);
    const [name] = operands;
    context.stdout.write(
      name === undefined ? await programHelp(program) : commandHelp(program, await find(program, name)),
    );
    return 0;
  },
};
