// hostctl help and hostd help

import type { Command } from '../program/command.ts';
import { commandHelp, programHelp } from '../program/help.ts';
import { find } from '../program/program.ts';

export const help: Command = {
  name: 'help',
  summary: 'explain a command',
  usage: '[COMMAND]',
  help: 'Shows all commands, or how to use one.',
  options: {},
  operands: { min: 0, max: 1, what: 'COMMAND', complete: 'commands' },
  async run({ operands }, { program, stdout }) {
    const [name] = operands;
    stdout.write(
      name === undefined ? await programHelp(program) : commandHelp(program, await find(program, name)),
    );
    return 0;
  },
};
