// Shared by start, stop, restart, signal, update and shutdown: ask hostd, show what is waited for, print the results.

import type { Progress } from '../../protocol/control.ts';
import { escapeLine, escapeLines } from '../../words/escape.ts';
import type { Context } from '../program/command.ts';
import type { Client, Request } from './client.ts';
import { whatMayBeMeant } from './names.ts';
import { Waiting } from './waiting.ts';

export type Done = Extract<Progress, { kind: 'done' }>;
export type Reread = Extract<Progress, { kind: 'reread' }>;

/** Exit code of a command that Ctrl-C ended: 128 + SIGINT, as shells count. */
const interrupted = 130;

/**
 * Sends one request and prints a line for each name when hostd is done with it: what was done, or had been before, to stdout, and what
 * failed to stderr. Returns 1 when anything failed. `onReread` prints the first reply to `update`.
 */
export async function act(
  client: Client,
  request: Request,
  context: Context,
  onReread: (reread: Reread) => number = () => 0,
): Promise<number> {
  const interrupt = new AbortController();
  const forget = context.onInterrupt(() => interrupt.abort());
  const waiting = new Waiting(context.stderr);
  let code = 0;
  try {
    for await (const progress of client.progress({ ...request, stop: interrupt.signal })) {
      if (progress.kind === 'waiting') waiting.set(progress.name, progress.note ?? progress.state);
      else if (progress.kind === 'reread') code = Math.max(code, onReread(progress));
      else if (progress.kind === 'done') {
        waiting.delete(progress.name);
        code = Math.max(code, await printDone(progress, client, context));
        waiting.resume();
      }
    }
  } finally {
    waiting.stop();
    forget();
  }
  if (!interrupt.signal.aborted) return code;
  context.stderr.write(`${context.program.name}: no longer waiting; hostd carries on with what was asked\n`);
  return interrupted;
}

async function printDone(done: Done, client: Client, { stdout, stderr, program }: Context): Promise<number> {
  const { outcome, message } = done;
  if (outcome === 'ok' || outcome === 'noop') {
    stdout.write(`${escapeLine(message)}\n`);
    return 0;
  }
  // The second line may be its hint. Supervisor's words of a name that nobody has come without one.
  stderr.write(`${program.name}: ${escapeLines(message)}\n`);
  if (outcome === 'unknown') stderr.write(`  try: ${escapeLine(await whatMayBeMeant(done.name, client))}\n`);
  return 1;
}
