// hostctl restart

import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import type { Command } from '../program/command.ts';

export const restart: Command = {
  name: 'restart',
  summary: 'stop programs, then start them',
  usage: 'NAME ... | all',
  help: `
Stops the programs, then starts them, and waits until each is RUNNING.
NAME is a program (hello, hello:celery), a group (hello:*) or all.
Connections wait in the app's socket meanwhile: none is refused.`,
  options: {},
  operands: { min: 1, max: Number.POSITIVE_INFINITY, what: 'a NAME, or all', complete: 'programs' },
  async run(input, context) {
    const client = await connect(input, context);
    return act(client, { method: 'POST', path: 'restart', body: { names: input.operands } }, context);
  },
};
