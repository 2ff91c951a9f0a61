// hostd supervisord, for its help. bin/hostd itself starts the daemon, with supervisord's own options.

import { fileURLToPath } from 'node:url';
import type { Command } from '../program/command.ts';

export const hostdSupervisord: Command = {
  name: 'supervisord',
  summary: "run a supervisord.conf as it is, with supervisord's options",
  usage: '[OPTION ...]',
  help: `
Takes the place of supervisord 4.2.5: the same configuration, options, sockets and messages, for the same supervisorctl. A link named
"supervisord" to hostd does the same. hostd supervisord -h lists the options.

With --hand-over, the processes of the one that runs with this configuration become programs of hostd start, without a stop.
Exit code: 0, or 1 when one of them cannot go on; then nothing was changed.`,
  options: {
    lenient: {
      type: 'boolean',
      help: 'start without the sections of programs that are wrong, instead of not at all',
    },
    'hand-over': {
      type: 'boolean',
      help: 'give the processes of the one that runs to hostd start, without a stop',
    },
    'dry-run': { type: 'boolean', help: 'with --hand-over: only say what would go on as what' },
    to: {
      type: 'string',
      value: 'FILE',
      help: "with --hand-over: hostd's configuration, instead of /etc/hostd/hostd.toml",
    },
  },
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'OPTION' },
  run(input) {
    const launcher = fileURLToPath(new URL('../../../bin/hostd', import.meta.url));
    const own = ['lenient', 'hand-over', 'dry-run'].flatMap(name =>
      input.options[name] === true ? [`--${name}`] : [],
    );
    const { to } = input.options;
    if (typeof to === 'string') own.push('--to', to);
    process.execve?.(launcher, ['hostd', 'supervisord', ...own, ...input.operands], process.env);
    throw new Error('cannot become the daemon: this Node has no process.execve');
  },
};
