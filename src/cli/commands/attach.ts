// hostctl attach

import type { Client } from '../client/client.ts';
import { connect } from '../client/socket.ts';
import { runTerminal } from '../client/terminal.ts';
import type { Command, Context } from '../program/command.ts';
import { printApp } from '../program/print-app.ts';

export const attach: Command = {
  name: 'attach',
  summary: 'write to the input of a running program, and see its log',
  usage: 'NAME',
  help: `
Passes lines on to a program that reads its standard input, and prints what it writes to its log from now on.
Ctrl-C, or the end of the input, ends this and leaves the program as it is. gunicorn reads no input: see hostctl exec.`,
  options: {},
  operands: { min: 1, max: 1, what: 'a NAME', complete: 'programs' },
  async run(input, context) {
    const name = input.operands[0] ?? '';
    const client = await connect(input, context);
    const stop = new AbortController();
    const printing = follow(client, name, stop.signal, context);
    try {
      return await runTerminal(client, { name, what: 'attach', argv: [], terminal: null }, context);
    } finally {
      stop.abort();
      await printing;
    }
  },
};

/** Shows the log beside the input. Without a log one can still type. */
async function follow(client: Client, name: string, stop: AbortSignal, { stdout }: Context): Promise<void> {
  const query = [
    ['name', name],
    ['lines', '0'],
    ['follow', '1'],
  ] as const;
  try {
    await printApp(client.stream({ method: 'GET', path: 'logs', query, stop }), stdout, false);
  } catch {
    // the other connection reports what is wrong with the program
  }
}
