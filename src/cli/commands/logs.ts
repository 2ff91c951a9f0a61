// hostctl logs

import { HostdError } from '../../errors.ts';
import { escapeLine } from '../../words/escape.ts';
import { act } from '../client/act.ts';
import type { Client } from '../client/client.ts';
import { fetchStatus } from '../client/names.ts';
import { connect } from '../client/socket.ts';
import type { Command, Context, Input } from '../program/command.ts';
import { PrefixedLines } from '../program/prefixed-lines.ts';
import { errorText } from '../program/print.ts';
import { printApp } from '../program/print-app.ts';
import { printUnknown } from './status.ts';

/** Logs that are followed at the same time. */
const mostAtOnce = 200;

export const logs: Command = {
  name: 'logs',
  summary: "print the end of a program's log, or rotate logs",
  usage:
    'NAME ... | all [-f] [-n N] [--stderr | --access | --errors] [--raw] | --rotate [NAME] | --reopen [NAME]',
  help: `
Prints the last lines that a program wrote, or that its site's visitors left: --access, and --errors for what went wrong with
their requests. Of several programs (names, hello:*, all) each line has its program's name in front: hello | line.
On a terminal colours stay, and whatever else would steer it is shown as \\x1b or so; with --raw, in a pipe or a file no byte
is changed. With -f it goes on until Ctrl-C, which is its normal end: exit code 0.

hostd rotates logs by itself. --rotate does it now, with all that is in them; --reopen gives logs that logrotate
has moved their names back. Both are for every log that is open, access logs included, unless a NAME is given.`,
  options: {
    follow: { type: 'boolean', short: 'f', help: 'go on printing what is written' },
    lines: { type: 'string', short: 'n', value: 'N', help: 'how many lines to begin with' },
    stderr: { type: 'boolean', help: 'the log of stderr, where it is a file of its own' },
    access: { type: 'boolean', help: "the access log of the app's site" },
    errors: { type: 'boolean', help: "the error log of the app's site" },
    raw: { type: 'boolean', help: 'change no byte, on a terminal either' },
    rotate: { type: 'boolean', help: 'put what is in the logs aside, as NAME.1' },
    reopen: { type: 'boolean', help: 'after somebody has renamed logs' },
  },
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'a NAME', complete: 'programs' },
  async run(input, context) {
    const { rotate, reopen } = input.options;
    if (rotate === true || reopen === true) return change(input, context);
    const { operands } = input;
    if (operands.length === 0) throw new HostdError('usage', 'cannot go on without a NAME');
    const query = queryOf(input);
    const client = await connect(input, context);
    const stop = new AbortController();
    const forget = [context.onInterrupt(() => stop.abort()), context.stdout.onClosed(() => stop.abort())];
    try {
      const [name = ''] = operands;
      const isOne = operands.length === 1 && name !== 'all' && !name.endsWith(':*');
      if (!isOne) return await showAll(input, context, client, query, stop.signal);
      const path = [['name', name] as const, ...query];
      const chunks = client.stream({ method: 'GET', path: 'logs', query: path, stop: stop.signal });
      await printApp(chunks, context.stdout, input.options['raw'] === true);
      return 0;
    } finally {
      for (const undo of forget) undo();
    }
  },
};

function queryOf({ options }: Input): (readonly [string, string])[] {
  const { lines, follow } = options;
  const channels = ['stderr', 'access', 'errors'].filter(channel => options[channel] === true);
  if (channels.length > 1)
    throw new HostdError(
      'usage',
      `cannot print two logs of a program at once: --${channels.join(' and --')}`,
    );
  return [
    ...(typeof lines === 'string' ? [['lines', lineCount(lines)] as const] : []),
    ...(follow === true ? [['follow', '1'] as const] : []),
    ...channels.map(channel => ['channel', channel] as const),
  ];
}

/** The logs of several programs: one after the other, or with --follow all at the same time. */
async function showAll(
  { operands, options }: Input,
  context: Context,
  client: Client,
  query: readonly (readonly [string, string])[],
  stop: AbortSignal,
): Promise<number> {
  const { programs, unknown } = await fetchStatus(client, operands);
  for (const name of unknown) await printUnknown(name, client, context);
  // A site's logs belong to its app.
  const ofSites = options['access'] === true || options['errors'] === true;
  const chosen = programs.filter(({ name, app }) => !ofSites || name === app).map(({ name }) => name);
  const width = Math.max(0, ...chosen.map(name => escapeLine(name).length));
  const { stdout, stderr, program } = context;
  let code = unknown.length > 0 ? 1 : 0;
  const show = async (name: string) => {
    const colours = stdout.isTerminal && options['raw'] !== true ? stdout.hasColours : null;
    const lines = new PrefixedLines(`${escapeLine(name).padEnd(width)} | `, colours);
    const path = [['name', name] as const, ...query];
    try {
      for await (const chunk of client.stream({ method: 'GET', path: 'logs', query: path, stop })) {
        stdout.write(lines.push(chunk));
        await stdout.drained();
      }
      stdout.write(lines.end());
    } catch (error) {
      if (!(error instanceof HostdError)) throw error;
      code = 1;
      stderr.write(errorText(program.name, error.message, error.hint));
    }
  };
  if (options['follow'] !== true) for (const name of chosen) await show(name);
  else if (chosen.length > mostAtOnce)
    throw new HostdError('usage', `cannot follow ${chosen.length} logs at once: at most ${mostAtOnce}`);
  else await Promise.all(chosen.map(show));
  return code;
}

/** --rotate or --reopen. */
async function change(input: Input, context: Context): Promise<number> {
  const { rotate, reopen, ...others } = input.options;
  const other = ['follow', 'lines', 'stderr', 'access', 'errors', 'raw'].find(
    name => others[name] !== undefined,
  );
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
