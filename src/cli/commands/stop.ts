// hostctl stop

import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import type { Command } from '../program/command.ts';

export const stop: Command = {
  name: 'stop',
  summary: 'stop programs, and wait until nothing of them is left',
  usage: 'NAME ... | all',
  help: `
Sends stopsignal, after stopwaitsecs SIGKILL, and waits until no process of the program is left.
NAME is a program (hello, hello:celery), a group (hello:*) or all.`,
  options: {},
  operands: { min: 1, max: Number.POSITIVE_INFINITY, what: 'a NAME, or all', complete: 'programs' },
  async run(input, context) {
    const client = await connect(input, context);
    return act(client, { method: 'POST', path: 'stop', body: { names: input.operands } }, context);
  },
};
