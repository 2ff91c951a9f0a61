// hostctl start

import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import type { Command } from '../program/command.ts';

export const start: Command = {
  name: 'start',
  summary: 'start programs, and wait until they run',
  usage: 'NAME ... | all',
  help: `
Starts programs and waits until each is RUNNING, or has failed.
NAME is a program (hello, hello:celery), a group (hello:*) or all.
A program that runs already is left alone.`,
  options: {},
  operands: { min: 1, max: Number.POSITIVE_INFINITY, what: 'a NAME, or all', complete: 'programs' },
  async run(input, context) {
    const client = await connect(input, context);
    return act(client, { method: 'POST', path: 'start', body: { names: input.operands } }, context);
  },
};
