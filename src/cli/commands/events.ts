// hostctl events

import { HostdError } from '../../errors.ts';
import { connect } from '../client/socket.ts';
import type { Command, Input } from '../program/command.ts';
import { EventLines } from '../program/event-lines.ts';
import { parseMoment } from '../program/moment.ts';

export const events: Command = {
  name: 'events',
  summary: 'show what has happened, and why',
  usage: '[NAME ...] [-f] [-n N] [--since TIME] [--json]',
  help: `
Prints the last events of all that hostd runs, or of the programs, apps (their sites) or groups named; "hostd" is hostd itself.
One line an event: local time, name, what has happened, and its cause. hostd keeps the last 10,000, over its restarts
and upgrades. Of what comes again and again not every one is kept: "and 12 like it before" says how many are not.
With -f it goes on until Ctrl-C, which is its normal end: exit code 0.

TIME is how long ago (10m, 2h, 1d), a time of today (03:00), a day (2026-11-28) or both ("2026-11-28 03:00").`,
  options: {
    follow: { type: 'boolean', short: 'f', help: 'go on printing what happens' },
    lines: {
      type: 'string',
      short: 'n',
      value: 'N',
      help: 'how many events at most (100; with --since all)',
    },
    since: { type: 'string', value: 'TIME', help: 'none before that' },
    json: { type: 'boolean', help: 'an object a line; times in UTC' },
  },
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'NAME', complete: 'programs', also: ['hostd'] },
  async run(input, context) {
    const query = queryOf(input);
    const client = await connect(input, context);
    const stop = new AbortController();
    const forget = [context.onInterrupt(() => stop.abort()), context.stdout.onClosed(() => stop.abort())];
    const { stdout } = context;
    const lines = new EventLines(input.options['json'] === true, stdout.hasColours);
    try {
      for await (const chunk of client.stream({ method: 'GET', path: 'events', query, stop: stop.signal })) {
        stdout.write(lines.push(chunk));
        await stdout.drained();
      }
      return 0;
    } finally {
      for (const undo of forget) undo();
    }
  },
};

function queryOf({ operands, options }: Input): (readonly [string, string])[] {
  const { lines, since, follow } = options;
  return [
    ...operands.map(name => ['name', name] as const),
    ...(typeof lines === 'string' ? [['lines', lineCount(lines)] as const] : []),
    ...(typeof since === 'string' ? [['since', String(momentOf(since))] as const] : []),
    ...(follow === true ? [['follow', '1'] as const] : []),
  ];
}

function momentOf(text: string): number {
  const at = parseMoment(text, Date.now());
  if (at !== null) return Math.max(0, at);
  throw new HostdError('usage', `option "--since" needs a time, not "${text}"`, {
    hint: '--since 2h, --since 03:00, or: --since "2026-11-28 03:00"',
  });
}

function lineCount(text: string): string {
  if (/^[0-9]{1,9}$/.test(text)) return String(Number(text));
  throw new HostdError('usage', `option "--lines" needs a whole number, not "${text}"`, { hint: '-n 100' });
}
