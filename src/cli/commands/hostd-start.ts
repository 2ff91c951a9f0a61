// hostd start, for its help. bin/hostd itself starts the daemon, wherever the options stand, since it has the flags for Node.

import { fileURLToPath } from 'node:url';
import { type Command, noOperands } from '../program/command.ts';

export const hostdStart: Command = {
  name: 'start',
  summary: 'run in the foreground, as a service manager wants it',
  usage: '[-c FILE]',
  help: `
Takes over the programs that an earlier hostd left running, starts the others, and supervises them until it is told to stop.
SIGTERM or SIGINT stops every program and then hostd; SIGHUP reads the configuration again, as hostctl update does.`,
  options: {},
  operands: noOperands,
  run(input) {
    const launcher = fileURLToPath(new URL('../../../bin/hostd', import.meta.url));
    const { config } = input.options;
    const args = ['start', ...(typeof config === 'string' ? ['-c', config] : [])];
    // The pid stays the same, for the service manager that started it.
    process.execve?.(launcher, ['hostd', ...args], process.env);
    throw new Error('cannot become the daemon: this Node has no process.execve');
  },
};
