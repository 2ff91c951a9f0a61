// hostctl upgrade

import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import { type Command, noOperands } from '../program/command.ts';

export const upgrade: Command = {
  name: 'upgrade',
  summary: 'replace hostd by its newly installed version',
  usage: '',
  help: `
Tries the hostd that is now on disk and, when it starts, becomes it: the same pid, every program goes on, the proxy
workers are renewed. When it does not start, the running hostd goes on and the exit code is 1.`,
  options: {},
  operands: noOperands,
  async run(input, context) {
    const client = await connect(input, context);
    return act(client, { method: 'POST', path: 'upgrade', body: {} }, context);
  },
};
