// hostctl maintenance

import { HostdError } from '../../errors.ts';
import type { MaintenanceReply } from '../../protocol/control.ts';
import { escapeJson, escapeLine } from '../../words/escape.ts';
import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import type { Command } from '../program/command.ts';

export const maintenance: Command = {
  name: 'maintenance',
  summary: 'answer for a site with a maintenance page',
  usage: '[NAME ... | all on|off] [--retry-after SECONDS] [--json]',
  help: `
While it is on, the proxy answers with 503, Retry-After and the site's page (maintenance.html in error_pages); files
below /static/ and /media/ are served on, and the app goes on running. It stays on over restarts and reboots.
Requests that the app has begun are finished: the command returns when no new one reaches it but those of
connections that are already open, which are closed within two seconds.
Without a NAME it shows which sites are in maintenance.`,
  options: {
    'retry-after': { type: 'string', value: 'SECONDS', help: 'when clients may ask again; 120 if not given' },
    json: { type: 'boolean', help: 'print an array of objects' },
  },
  operands: {
    min: 0,
    max: Number.POSITIVE_INFINITY,
    what: 'NAME and on or off',
    complete: 'programs',
    also: ['on', 'off'],
  },
  async run(input, context) {
    const client = await connect(input, context);
    if (input.operands.length === 0) {
      const { sites } = await client.get<MaintenanceReply>({
        method: 'GET',
        path: 'maintenance',
        timeout: 10,
      });
      if (input.options['json'] === true) context.stdout.write(`${escapeJson(sites)}\n`);
      else
        for (const site of sites)
          context.stdout.write(`${escapeLine(site.name)}: maintenance ${site.maintenance ? 'on' : 'off'}\n`);
      return 0;
    }
    const names = input.operands.slice(0, -1);
    const last = input.operands.at(-1);
    if (names.length === 0 || (last !== 'on' && last !== 'off'))
      throw new HostdError(
        'usage',
        `cannot tell whether maintenance begins or ends: "${last}" is not on or off`,
        {
          hint: `hostctl maintenance ${names[0] ?? 'hello'} on`,
        },
      );
    const seconds = input.options['retry-after'];
    if (seconds !== undefined && !/^[1-9]\d{0,5}$/.test(String(seconds)))
      throw new HostdError('usage', `cannot use --retry-after ${seconds}: not a number of seconds`);
    const body = {
      names,
      on: last === 'on',
      ...(seconds === undefined ? {} : { retryAfter: Number(seconds) }),
    };
    return act(client, { method: 'POST', path: 'maintenance', body }, context);
  },
};
