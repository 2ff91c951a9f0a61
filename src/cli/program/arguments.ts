// Words of a command line to options and operands. Pure: wrong use is a HostdError('usage'), shown by program.ts.

import { HostdError } from '../../errors.ts';
import { nearest } from '../../words/nearest.ts';
import type { Input, Operands, Option } from './command.ts';

// An import would have Node make all that node:util exports, which takes a third as long as Node's own start.
const { parseArgs } = process.getBuiltinModule('node:util');

type Options = Readonly<Record<string, Option>>;

export interface Split {
  /** null: no command was named. */
  readonly command: string | null;
  /** Everything else, in order. */
  readonly rest: readonly string[];
}

/** Finds the command: the first word that is neither a common option nor its value. */
export function splitCommand(args: readonly string[], common: Options): Split {
  const first = tokensOf(args, common).find(token => token.kind === 'positional');
  if (first === undefined) return { command: null, rest: args };
  checkOptions(args.slice(0, first.index), common);
  return {
    command: first.value,
    rest: [...args.slice(0, first.index), ...args.slice(first.index + 1)],
  };
}

/** Options and operands of one command. Everything after `--` is an operand. */
export function parseCommand(args: readonly string[], options: Options, operands: Operands): Input {
  const given = checkOptions(args, options);
  const words = tokensOf(args, options).flatMap(token => (token.kind === 'positional' ? [token.value] : []));
  if (given['help'] !== true) checkOperands(words, operands);
  return { operands: words, options: given };
}

function checkOptions(
  args: readonly string[],
  options: Options,
): Record<string, string | boolean | string[]> {
  const given: Record<string, string | boolean | string[]> = {};
  for (const token of tokensOf(args, options)) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknownOption(token.rawName, options);
    if (option.type === 'boolean' && token.value !== undefined)
      throw new HostdError('usage', `option "${token.rawName}" takes no value`);
    if (option.type === 'string' && !token.value)
      throw new HostdError('usage', `option "${token.rawName}" needs a value, ${option.value ?? ''}`);
    if (option.multiple) given[token.name] = [given[token.name] ?? [], token.value ?? []].flat().map(String);
    else given[token.name] = token.value ?? true;
  }
  return given;
}

function unknownOption(rawName: string, options: Options): HostdError {
  const known = Object.keys(options).map(name => `--${name}`);
  const near = rawName.startsWith('--') ? nearest(rawName, known) : null;
  return new HostdError('usage', `unknown option "${rawName}"`, near === null ? {} : { hint: near });
}

function checkOperands(words: readonly string[], operands: Operands): void {
  const extra = words[operands.max];
  if (extra !== undefined) throw new HostdError('usage', `unexpected operand "${extra}"`);
  if (words.length < operands.min) throw new HostdError('usage', `cannot go on without ${operands.what}`);
}

function tokensOf(args: readonly string[], options: Options) {
  // Not strict: parseArgs reports what it has seen, and the messages are hostd's own.
  return parseArgs({
    args: [...args],
    options: parseArgsOptions(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

function parseArgsOptions(options: Options): Record<string, { type: 'boolean' | 'string'; short?: string }> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short }]) => [
      name,
      short === undefined ? { type } : { type, short },
    ]),
  );
}
