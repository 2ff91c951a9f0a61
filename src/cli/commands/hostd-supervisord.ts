// hostd supervisord: for its help. bin/hostd makes a daemon of it itself, with supervisord's own options.

import { fileURLToPath } from 'node:url';
import type { Command } from '../program/command.ts';

export const hostdSupervisord: Command = {
  name: 'supervisord',
  summary: "run a supervisord.conf as it is, with supervisord's options",
  usage: '[OPTION ...]',
  help: `
Takes the place of supervisord 4.2.5: the same configuration, options, sockets and messages, for the same supervisorctl. A link named
"supervisord" to hostd does the same. hostd supervisord -h lists the options.`,
  options: {
    lenient: {
      type: 'boolean',
      help: 'start without the sections of programs that are wrong, instead of not at all',
    },
  },
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'OPTION' },
  run(input) {
    const launcher = fileURLToPath(new URL('../../../bin/hostd', import.meta.url));
    const lenient = input.options['lenient'] === true ? ['--lenient'] : [];
    process.execve?.(launcher, ['hostd', 'supervisord', ...lenient, ...input.operands], process.env);
    throw new Error('cannot become the daemon: this Node has no process.execve');
  },
};
