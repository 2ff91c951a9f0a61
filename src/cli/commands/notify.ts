// hostctl notify

import { HostdError } from '../../errors.ts';
import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import { type Command, noOperands } from '../program/command.ts';

export const notify: Command = {
  name: 'notify',
  summary: 'try whether [notify] reaches anybody',
  usage: '--test',
  help: `
Has hostd tell the command and the url of [notify] that this is a test, and prints what has come of it: how the command ended and
what it said, what the url has answered. It is tried once. Exit code 1: one of them was not reached.`,
  options: {
    test: { type: 'boolean', help: 'tell of a test now' },
  },
  operands: noOperands,
  async run(input, context) {
    if (input.options['test'] !== true)
      throw new HostdError('usage', 'cannot go on without --test', { hint: 'hostctl notify --test' });
    const client = await connect(input, context);
    return act(client, { method: 'POST', path: 'notify/test', body: {} }, context);
  },
};
