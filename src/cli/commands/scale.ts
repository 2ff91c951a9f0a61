// hostctl scale

import { availableParallelism } from 'node:os';
import { HostdError } from '../../errors.ts';
import { mostWorkers } from '../../protocol/control.ts';
import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import type { Command } from '../program/command.ts';

/** Workers that need no confirmation: for each processor, and in all. */
const each = 8;
const least = 32;

export const scale: Command = {
  name: 'scale',
  summary: "change the number of an app's gunicorn workers",
  usage: 'NAME N [--yes]',
  help: `
Gives the running app N gunicorn workers, by TTIN and TTOU, without a restart. The next start has as many as
its configuration says: set "workers" there to keep the number. More than ${each} for each processor need --yes.`,
  options: { yes: { type: 'boolean', short: 'y', help: 'also far more than this machine has processors' } },
  operands: { min: 2, max: 2, what: 'a NAME and a number', complete: 'programs' },
  async run(input, context) {
    const [name = '', number = ''] = input.operands;
    if (!/^[1-9]\d*$/.test(number) || Number(number) > mostWorkers)
      throw new HostdError(
        'usage',
        `cannot scale to "${number}": not a number of workers from 1 to ${mostWorkers}`,
      );
    const processors = availableParallelism();
    if (Number(number) > Math.max(least, each * processors) && input.options['yes'] !== true)
      throw new HostdError(
        'usage',
        `cannot scale to ${number}: this machine has ${processors} processor${processors === 1 ? '' : 's'}`,
        { hint: `hostctl scale ${name} ${2 * processors + 1}, or, if it is meant: --yes` },
      );
    const client = await connect(input, context);
    const body = { names: [name], workers: Number(number) };
    return act(client, { method: 'POST', path: 'scale', body }, context);
  },
};
