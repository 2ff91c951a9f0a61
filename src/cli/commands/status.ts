// hostctl status

import { HostdError } from '../../errors.ts';
import type { StatusReply } from '../../protocol/control.ts';
import { escapeJson } from '../../words/escape.ts';
import type { Client } from '../client/client.ts';
import { connect } from '../client/socket.ts';
import type { Command, Context } from '../program/command.ts';
import { errorText, isWell, statusTable } from '../program/print.ts';

export const status: Command = {
  name: 'status',
  summary: 'show programs, their states and pids',
  usage: '[NAME ...] [--json]',
  help: `
Shows every program, or those named: a program (hello, hello:celery), a group (hello:*) or all.

A scheduled program that waits for its time is well, unless its last run failed; so is an app that sleeps.

Exit code: 0 every program shown is RUNNING, asleep or waits for its time, 3 one is not well, 4 a NAME is unknown or hostd cannot be reached
(3 wins over 4, as in supervisorctl).`,
  options: {
    json: { type: 'boolean', help: 'print an array of objects' },
  },
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'NAME', complete: 'programs' },
  async run(input, context) {
    try {
      const client = await connect(input, context);
      const reply = await fetchStatus(client, input.operands);
      for (const name of reply.unknown) await printUnknown(name, client, context);
      const { stdout } = context;
      if (input.options['json'] === true) stdout.write(`${escapeJson(reply.programs)}\n`);
      else stdout.write(statusTable(reply.programs, stdout.hasColours));
      if (!reply.programs.every(isWell)) return 3;
      return reply.unknown.length > 0 ? 4 : 0;
    } catch (error) {
      if (!(error instanceof HostdError)) throw error;
      context.stderr.write(errorText(context.program.name, error.message, error.hint));
      return 4;
    }
  },
};

/** The status by names. It fails after some seconds of silence, since monitoring calls it. */
export function fetchStatus(client: Client, names: readonly string[]): Promise<StatusReply> {
  const query = names.map(name => ['name', name] as const);
  return client.get<StatusReply>({ method: 'GET', path: 'status', query, timeout: 10 });
}

/** Says that there is no such program, with a similar name if there is one. */
export async function printUnknown(name: string, client: Client, context: Context): Promise<void> {
  const { nearest } = await import('../../words/nearest.ts');
  const { programs } = await fetchStatus(client, []);
  const near = nearest(
    name,
    programs.map(program => program.name),
  );
  const hint = near === null ? 'hostctl status' : near;
  context.stderr.write(
    errorText(context.program.name, `cannot find "${name}": no such program or group`, hint),
  );
}
