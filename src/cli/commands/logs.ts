// hostctl logs

import { HostdError } from '../../errors.ts';
import type { Command } from '../command.ts';
import { connect } from '../socket.ts';

export const logs: Command = {
  name: 'logs',
  summary: "print the end of a program's log",
  usage: 'NAME [-f] [-n N] [--stderr]',
  help: `
Prints the last lines that a program wrote, as they are: hostctl changes no byte.
With -f it goes on until Ctrl-C, which is its normal end: exit code 0.`,
  options: {
    follow: { type: 'boolean', short: 'f', help: 'go on printing what is written' },
    lines: { type: 'string', short: 'n', value: 'N', help: 'how many lines to begin with' },
    stderr: { type: 'boolean', help: 'the log of stderr, where it is a file of its own' },
  },
  operands: { min: 1, max: 1, what: 'a NAME', complete: 'programs' },
  async run(input, context) {
    const { follow, lines, stderr } = input.options;
    const query: [string, string][] = [['name', input.operands[0] ?? '']];
    if (typeof lines === 'string') query.push(['lines', lineCount(lines)]);
    if (follow === true) query.push(['follow', '1']);
    if (stderr === true) query.push(['channel', 'stderr']);
    const client = await connect(input, context);
    const stop = new AbortController();
    const forget = [context.onInterrupt(() => stop.abort()), context.stdout.onClosed(() => stop.abort())];
    try {
      for await (const chunk of client.stream({ method: 'GET', path: 'logs', query, stop: stop.signal })) {
        context.stdout.write(chunk);
        await context.stdout.drained();
      }
      return 0;
    } finally {
      for (const undo of forget) undo();
    }
  },
};

function lineCount(text: string): string {
  if (/^[0-9]{1,9}$/.test(text)) return String(Number(text));
  throw new HostdError('usage', `option "--lines" needs a whole number, not "${text}"`, { hint: '-n 100' });
}
