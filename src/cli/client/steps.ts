// Shows the steps of create and remove: a line for each step that is done, and the present step when it takes long.

import type { Report } from '../../create/create.ts';
import { CommandFailed } from '../../create/run.ts';
import type { Outcome } from '../../create/site.ts';
import { HostdError, messageOf } from '../../errors.ts';
import { escapeLine, escapeLines } from '../../words/escape.ts';
import type { Context } from '../program/command.ts';
import { errorText } from '../program/print.ts';
import { Waiting } from './waiting.ts';

/** Exit code of a command that Ctrl-C ended: 128 + SIGINT, as shells count. */
const interrupted = 130;

export class StepReport implements Report {
  readonly #context: Context;
  #waiting: Waiting | null = null;
  readonly #signal: AbortSignal;
  #shown = '';
  /** null: no step has failed. */
  exitCode: number | null = null;

  /** `signal`: whether Ctrl-C ended it. */
  constructor(context: Context, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  failed(error: unknown): void {
    this.pause();
    this.exitCode = printFailure(error, this.#signal.aborted, this.#context);
  }

  begin(title: string, number: number, total: number): void {
    this.pause();
    this.#shown = title;
    this.#waiting = new Waiting(this.#context.stderr);
    this.#waiting.set(title, `step ${number} of ${total}`);
  }

  done(title: string, { said }: Outcome): void {
    this.pause();
    this.#context.stdout.write(`${escapeLine(`${title}: ${said}`)}\n`);
  }

  note(text: string): void {
    this.#waiting?.delete(this.#shown);
    this.#context.stderr.write(`${this.#context.program.name}: ${escapeLines(text)}\n`);
  }

  undone(what: string, error: string | null): void {
    this.pause();
    const line = error === null ? `undone: ${what}` : `cannot ${what}: ${error}`;
    this.#context.stderr.write(`${this.#context.program.name}: ${escapeLine(line)}\n`);
  }

  /** Makes room for other output. */
  pause(): void {
    this.#waiting?.stop();
    this.#waiting = null;
  }
}

/** Prints the error, and the last lines of the command that failed. Returns the exit code. */
export function printFailure(error: unknown, isInterrupted: boolean, { program, stderr }: Context): number {
  if (isInterrupted) {
    stderr.write(errorText(program.name, 'interrupted', undefined));
    return interrupted;
  }
  if (error instanceof CommandFailed)
    for (const line of error.said) stderr.write(`    ${escapeLine(line)}\n`);
  const hint = error instanceof HostdError ? error.hint : undefined;
  const [first = '', ...rest] = messageOf(error).split('\n');
  stderr.write(errorText(program.name, first, rest.length === 0 ? hint : undefined));
  if (rest.length > 0) stderr.write(`${escapeLines(rest.join('\n'))}\n`);
  return 1;
}
