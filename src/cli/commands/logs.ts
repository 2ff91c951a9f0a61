// hostctl logs

import { HostdError } from '../../errors.ts';
import { act } from '../client/act.ts';
import { connect } from '../client/socket.ts';
import type { Command, Context, Input } from '../program/command.ts';
import { printApp } from '../program/print-app.ts';

export const logs: Command = {
  name: 'logs',
  summary: "print the end of a program's log, or rotate logs",
  usage: 'NAME [-f] [-n N] [--stderr] [--raw] | --rotate [NAME] | --reopen [NAME]',
  help: `
Prints the last lines that a program wrote. On a terminal colours stay, and whatever else would steer it is shown as \\x1b
or so; with --raw, in a pipe or a file no byte is changed.
With -f it goes on until Ctrl-C, which is its normal end: exit code 0.

hostd rotates logs by itself. --rotate does it now, with all that is in them; --reopen gives logs that logrotate
has moved their names back. Both are for every log that is open, access logs included, unless a NAME is given.`,
  options: {
    follow: { type: 'boolean', short: 'f', help: 'go on printing what is written' },
    lines: { type: 'string', short: 'n', value: 'N', help: 'how many lines to begin with' },
    stderr: { type: 'boolean', help: 'the log of stderr, where it is a file of its own' },
    raw: { type: 'boolean', help: 'change no byte, on a terminal either' },
    rotate: { type: 'boolean', help: 'put what is in the logs aside, as NAME.1' },
    reopen: { type: 'boolean', help: 'after somebody has renamed logs' },
  },
  operands: { min: 0, max: 1, what: 'a NAME', complete: 'programs' },
  async run(input, context) {
    const { follow, lines, stderr, raw, rotate, reopen } = input.options;
    if (rotate === true || reopen === true) return change(input, context);
    if (input.operands.length === 0) throw new HostdError('usage', 'cannot go on without a NAME');
    const query: [string, string][] = [['name', input.operands[0] ?? '']];
    if (typeof lines === 'string') query.push(['lines', lineCount(lines)]);
    if (follow === true) query.push(['follow', '1']);
    if (stderr === true) query.push(['channel', 'stderr']);
    const client = await connect(input, context);
    const stop = new AbortController();
    const forget = [context.onInterrupt(() => stop.abort()), context.stdout.onClosed(() => stop.abort())];
    try {
      const chunks = client.stream({ method: 'GET', path: 'logs', query, stop: stop.signal });
      await printApp(chunks, context.stdout, raw === true);
      return 0;
    } finally {
      for (const undo of forget) undo();
    }
  },
};

/** --rotate or --reopen. */
async function change(input: Input, context: Context): Promise<number> {
  const { rotate, reopen, ...others } = input.options;
  const other = ['follow', 'lines', 'stderr', 'raw'].find(name => others[name] !== undefined);
  if (other !== undefined || (rotate === true && reopen === true))
    throw new HostdError('usage', `option "--${rotate === true ? 'rotate' : 'reopen'}" takes no other one`);
  const client = await connect(input, context);
  const body = input.operands.length === 0 ? {} : { names: input.operands };
  return act(
    client,
    { method: 'POST', path: `logs/${rotate === true ? 'rotate' : 'reopen'}`, body },
    context,
  );
}

function lineCount(text: string): string {
  if (/^[0-9]{1,9}$/.test(text)) return String(Number(text));
  throw new HostdError('usage', `option "--lines" needs a whole number, not "${text}"`, { hint: '-n 100' });
}
