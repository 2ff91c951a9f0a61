// hostctl shell

import { connect } from '../client/socket.ts';
import { isOnTerminal, runTerminal, terminalOf } from '../client/terminal.ts';
import type { Command } from '../program/command.ts';

export const shell: Command = {
  name: 'shell',
  summary: "open a shell as an app's user, in its environment",
  usage: 'NAME [--django]',
  help: `
A shell with the app's user and groups, environment, virtualenv and directory; hostd logs who opened it.
With --django it is Django's own: manage.py shell.`,
  options: { django: { type: 'boolean', help: "Django's shell" } },
  operands: { min: 1, max: 1, what: 'a NAME', complete: 'programs' },
  async run(input, context) {
    const what = input.options['django'] === true ? 'django' : 'shell';
    const request = {
      name: input.operands[0] ?? '',
      what,
      argv: [],
      terminal: terminalOf(isOnTerminal(), context),
    } as const;
    return runTerminal(await connect(input, context), request, context);
  },
};
