// Runs one command line of hostctl or hostd: finds the command, loads it, and turns errors into text and exit codes.

import { HostdError, messageOf } from '../../errors.ts';
import { parseCommand, splitCommand } from './arguments.ts';
import { type Command, type Context, commonOptions, entries, type Option, type Program } from './command.ts';
import { errorText } from './print.ts';

/** Runs `args`, prints through `context`, and returns the exit code. Never throws. */
export async function run(program: Program, args: readonly string[], context: Context): Promise<number> {
  let command: Command | null = null;
  try {
    const common = { ...commonOptions, ...program.options };
    const split = splitCommand(args, { ...common, version: versionOption });
    if (split.command === null) return await runBare(program, split.rest, context);
    command = await find(program, split.command);
    const input = parseCommand(split.rest, { ...common, ...command.options }, command.operands);
    if (input.options['help'] === true) return await help(program, command, context);
    return await command.run(input, context);
  } catch (error) {
    return await report(error, program, command, context);
  }
}

const versionOption: Option = { type: 'boolean', short: 'V', help: 'show the version' };

/** The command of this name. Throws HostdError('usage') with the nearest name. */
export async function find(program: Program, name: string): Promise<Command> {
  const entry = entries(program).find(candidate => candidate.name === name);
  if (entry !== undefined) return entry.load();
  const elsewhere = program.elsewhere ?? {};
  if (Object.hasOwn(elsewhere, name))
    throw new HostdError('usage', `unknown command "${name}"`, { hint: elsewhere[name] ?? '' });
  const { nearest } = await import('../../words/nearest.ts');
  const near = nearest(
    name,
    entries(program).map(candidate => candidate.name),
  );
  throw new HostdError('usage', `unknown command "${name}"`, {
    hint: near === null ? `${program.name} help` : `${program.name} ${near}`,
  });
}

async function runBare(program: Program, args: readonly string[], context: Context): Promise<number> {
  const all = { ...commonOptions, ...program.options, version: versionOption };
  const { options } = parseCommand(args, all, { min: 0, max: 0, what: '' });
  if (options['version'] === true)
    return (await find(program, 'version')).run({ operands: [], options }, context);
  if (options['help'] === true) return help(program, null, context);
  throw new HostdError('usage', 'no command was given', { hint: `${program.name} help` });
}

async function help(program: Program, command: Command | null, context: Context): Promise<number> {
  const { commandHelp, programHelp } = await import('./help.ts');
  context.stdout.write(command === null ? await programHelp(program) : commandHelp(program, command));
  return 0;
}

async function report(
  error: unknown,
  program: Program,
  command: Command | null,
  { stderr }: Context,
): Promise<number> {
  if (!(error instanceof HostdError)) {
    stderr.write(errorText(program.name, messageOf(error), undefined));
    return 1;
  }
  stderr.write(errorText(program.name, error.message, error.hint));
  if (error.code !== 'usage') return 1;
  const { usageLine } = await import('./help.ts');
  stderr.write(usageLine(program, command));
  return 2;
}
