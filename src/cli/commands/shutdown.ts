// hostctl shutdown

import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import { type Command, noOperands } from '../program/command.ts';

export const shutdown: Command = {
  name: 'shutdown',
  summary: 'stop every program, then hostd itself',
  usage: '[--keep-apps]',
  help: `
Stops every program, the highest priority number first, and then hostd.
A service manager that restarts hostd will start it again: there, use systemctl stop hostd.`,
  options: {
    'keep-apps': { type: 'boolean', help: 'leave the programs running; the next hostd takes them over' },
  },
  operands: noOperands,
  async run(input, context) {
    const client = await connect(input, context);
    const keepApps = input.options['keep-apps'] === true;
    const code = await act(client, { method: 'POST', path: 'shutdown', body: { keepApps } }, context);
    if (code === 0) context.stdout.write('hostd: stopped\n');
    return code;
  },
};
