// hostctl status

import { HostdError } from '../../errors.ts';
import type { AboutReply } from '../../protocol/control.ts';
import { isWell } from '../../protocol/well.ts';
import { escapeJson, escapeLine } from '../../words/escape.ts';
import type { Client } from '../client/client.ts';
import { fetchStatus, whatMayBeMeant } from '../client/names.ts';
import { connect } from '../client/socket.ts';
import type { Command, Context, Input } from '../program/command.ts';
import { errorText, statusTable } from '../program/print.ts';

export const status: Command = {
  name: 'status',
  summary: 'show programs, their states and pids',
  usage: '[NAME ...] [--json | --full]',
  help: `
Shows every program, or those named: a program (hello, hello:celery), a group (hello:*) or all.
Of one NAME on a terminal, or with --full anywhere, the whole page follows: its file, user, sockets, processes, last events and last
log lines. In a pipe or a file there are only the lines, for the sake of scripts.

A scheduled program that waits for its time is well, unless its last run failed; so is an app that sleeps.

Exit code: 0 every program shown is RUNNING, asleep or waits for its time, 3 one is not well, 4 a NAME is unknown or hostd cannot be reached
(3 wins over 4, as in supervisorctl).`,
  options: {
    json: { type: 'boolean', help: 'print an array of objects' },
    full: { type: 'boolean', help: 'the whole page of one NAME, in a pipe too' },
  },
  operands: { min: 0, max: Number.POSITIVE_INFINITY, what: 'NAME', complete: 'programs' },
  async run(input, context) {
    try {
      const client = await connect(input, context);
      const reply = await fetchStatus(client, input.operands);
      for (const name of reply.unknown) await printUnknown(name, client, context);
      for (const notice of reply.notices ?? [])
        context.stderr.write(errorText(context.program.name, notice, 'hostctl doctor'));
      const { stdout } = context;
      if (input.options['json'] === true) stdout.write(`${escapeJson(reply.programs)}\n`);
      else {
        stdout.write(statusTable(reply.programs, stdout.hasColours));
        const name = pageName(input, stdout.isTerminal);
        if (name !== null && reply.unknown.length === 0) await printPage(name, client, context);
      }
      if (!reply.programs.every(isWell)) return 3;
      return reply.unknown.length > 0 ? 4 : 0;
    } catch (error) {
      if (!(error instanceof HostdError) || error.code === 'usage') throw error;
      context.stderr.write(errorText(context.program.name, error.message, error.hint));
      return 4;
    }
  },
};

/** Whose page is to be shown; null: nobody's. @throws HostdError for --full without one NAME */
function pageName({ operands, options }: Input, isTerminal: boolean): string | null {
  const [name = ''] = operands;
  const isOne = operands.length === 1 && name !== 'all' && !name.endsWith(':*');
  if (options['full'] === true && !isOne)
    throw new HostdError('usage', 'option "--full" needs one NAME', { hint: 'hostctl status hello --full' });
  return isOne && (isTerminal || options['full'] === true) ? name : null;
}

/** Events and lines of the log on a page. */
const pageLines = 10;

/** What one wants to know next of a program: the parts come one after the other, each as soon as it is there. */
async function printPage(name: string, client: Client, { stdout }: Context): Promise<void> {
  const [{ pageOf }, { EventLines }, { HarmlessText }] = await Promise.all([
    import('../program/page.ts'),
    import('../program/event-lines.ts'),
    import('../../words/harmless-text.ts'),
  ]);
  const about = await client.get<AboutReply>({
    method: 'GET',
    path: 'about',
    query: [['name', name]],
    timeout: 10,
  });
  stdout.write(`\n${pageOf(about)}`);
  const lines = ['lines', String(pageLines)] as const;
  const names = about.programs.map(program => ['name', program.name] as const);
  const events = new EventLines(false, stdout.hasColours);
  let shown = '';
  for await (const chunk of client.stream({ method: 'GET', path: 'events', query: [...names, lines] }))
    shown += events.push(chunk);
  stdout.write(`\n  Events (hostctl events ${escapeLine(name)})\n${indented(shown)}`);
  const text = new HarmlessText(stdout.hasColours);
  let log = '';
  try {
    const query = [['name', name] as const, lines];
    for await (const chunk of client.stream({ method: 'GET', path: 'logs', query })) log += text.push(chunk);
    log += text.end();
  } catch (error) {
    if (!(error instanceof HostdError)) throw error;
    log = escapeLine(error.message);
  }
  stdout.write(`\n  Log (hostctl logs ${escapeLine(name)})\n${indented(log)}`);
}

function indented(text: string): string {
  const lines = text.split('\n').filter(line => line !== '');
  return lines.length === 0 ? '  none\n' : lines.map(line => `  ${line}\n`).join('');
}

/** Says that there is no such program, with a similar name if there is one. */
export async function printUnknown(name: string, client: Client, context: Context): Promise<void> {
  const hint = await whatMayBeMeant(name, client);
  context.stderr.write(
    errorText(context.program.name, `cannot find "${name}": no such program or group`, hint),
  );
}
