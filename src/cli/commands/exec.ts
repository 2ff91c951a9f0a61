// hostctl exec

import { HostdError } from '../../errors.ts';
import { isVariable } from '../../protocol/terminal.ts';
import { connect } from '../client/socket.ts';
import { isOnTerminal, runTerminal, terminalOf } from '../client/terminal.ts';
import type { Command, Context, Input } from '../program/command.ts';

export const exec: Command = {
  name: 'exec',
  summary: "run a command as an app's user, in its environment",
  usage: 'NAME [-e NAME=VALUE ...] [-t | -T] -- COMMAND [ARG ...]',
  help: `
Runs COMMAND with the app's user and groups, environment, virtualenv, directory and limits; hostd logs who ran what.
Between terminals it gets one; otherwise input, output and errors are pipes of their own, and no byte is changed.
With -e a secret stands neither in the log nor, as -e NAME, in the list of processes.
The exit code is the command's; 128 and the signal's number, when one ended it. Ctrl-C goes to the command.`,
  options: {
    env: {
      type: 'string',
      short: 'e',
      multiple: true,
      value: 'NAME[=VALUE]',
      help: "a variable of the command; without a value, the caller's own",
    },
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
    const env = variablesOf(input.options['env'], context.env);
    return runTerminal(await connect(input, context), { name, what: 'exec', argv, env, terminal }, context);
  },
};

function variablesOf(given: Input['options'][string], own: Context['env']): Record<string, string> {
  const words = Array.isArray(given) ? (given as readonly string[]) : [];
  return Object.fromEntries(
    words.map(word => {
      const at = word.indexOf('=');
      const name = at < 0 ? word : word.slice(0, at);
      if (!isVariable(name))
        throw new HostdError('usage', `cannot set the variable "${name}"`, {
          hint: '-e NAME=VALUE, or: -e NAME',
        });
      const value = at < 0 ? own[name] : word.slice(at + 1);
      if (value === undefined)
        throw new HostdError('usage', `cannot pass on "${name}": it is not in the environment`, {
          hint: `${name}=... hostctl exec ... -e ${name}, or: -e ${name}=VALUE`,
        });
      return [name, value];
    }),
  );
}
