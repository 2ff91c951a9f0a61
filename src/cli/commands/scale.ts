// hostctl scale

import { HostdError } from '../../errors.ts';
import { mostWorkers } from '../../protocol/control.ts';
import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import type { Command } from '../program/command.ts';

export const scale: Command = {
  name: 'scale',
  summary: "change the number of an app's gunicorn workers",
  usage: 'NAME N',
  help: `
Gives the running app N gunicorn workers, by TTIN and TTOU, without a restart. The next start has as many as
its configuration says: set "workers" there to keep the number.`,
  options: {},
  operands: { min: 2, max: 2, what: 'a NAME and a number', complete: 'programs' },
  async run(input, context) {
    const [name = '', number = ''] = input.operands;
    if (!/^[1-9]\d*$/.test(number) || Number(number) > mostWorkers)
      throw new HostdError(
        'usage',
        `cannot scale to "${number}": not a number of workers from 1 to ${mostWorkers}`,
      );
    const client = await connect(input, context);
    const body = { names: [name], workers: Number(number) };
    return act(client, { method: 'POST', path: 'scale', body }, context);
  },
};
