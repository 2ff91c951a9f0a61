// hostctl exec

import { HostdError } from '../../errors.ts';
import { connect } from '../client/socket.ts';
import { isOnTerminal, runTerminal, terminalOf } from '../client/terminal.ts';
import type { Command } from '../program/command.ts';

export const exec: Command = {
  name: 'exec',
  summary: "run a command as an app's user, in its environment",
  usage: 'NAME [-t | -T] -- COMMAND [ARG ...]',
  help: `
Runs COMMAND with the app's user and groups, environment, virtualenv, directory and limits; hostd logs who ran what.
Between terminals it gets one; otherwise input, output and errors are pipes of their own, and no byte is changed.
The exit code is the command's; 128 and the signal's number, when one ended it. Ctrl-C goes to the command.`,
  options: {
    tty: { type: 'boolean', short: 't', help: 'a terminal, also where this is none' },
    'no-tty': { type: 'boolean', short: 'T', help: 'pipes, also on a terminal' },
  },
  operands: { min: 2, max: Number.POSITIVE_INFINITY, what: 'a NAME and a COMMAND', complete: 'programs' },
  async run(input, context) {
    const [name = '', ...argv] = input.operands;
    const { tty, 'no-tty': pipes } = input.options;
    if (tty === true && pipes === true)
      throw new HostdError('usage', 'cannot both have a terminal and have none');
    const terminal = terminalOf(tty === true || (isOnTerminal() && pipes !== true), context);
    return runTerminal(await connect(input, context), { name, what: 'exec', argv, terminal }, context);
  },
};
