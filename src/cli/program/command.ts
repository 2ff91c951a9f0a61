// A command: its name, its help, its options and what it does. And a program: its commands. Knows neither argv
// nor exit.

import type { Output } from './output.ts';

export interface Option {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** Set if it may be given more than once. Its value is then a list. */
  readonly multiple?: true;
  /** The value's name in help, such as "FILE"; for type 'string' only. */
  readonly value?: string;
  readonly help: string;
}

/** The operands after the options: how many, and what they are. */
export interface Operands {
  readonly min: number;
  readonly max: number;
  /** In the usage line, such as "NAME". */
  readonly what: string;
  /** What a shell completes them to: programs that hostd runs, commands of this program, or these words. */
  readonly complete?: 'programs' | 'commands' | readonly string[];
  /** Words that are completed besides programs. */
  readonly also?: readonly string[];
}

/** A parsed command line. It has only options and operands that the command declares. */
export interface Input {
  readonly operands: readonly string[];
  /** Options by long name: true, or the value, or the values of an option with `multiple`; absent when not given. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/** The surroundings of a command. All output goes through here, so that a test can read it. */
export interface Context {
  readonly program: Program;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls `stop` on Ctrl-C, which then does not end the process. Call the returned function to end that. */
  onInterrupt(stop: () => void): () => void;
}

export interface Command {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** After the command's name: "[NAME ...] [--json]". */
  readonly usage: string;
  /** The text of help besides usage and options. */
  readonly help: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly operands: Operands;
  /** Returns the exit code: 0 done, 1 failed, 2 wrong use; status has 3 and 4. */
  run(input: Input, context: Context): Promise<number>;
}

/** A command line program: its commands, and the options of all of them. */
export interface Program {
  readonly name: 'hostctl' | 'hostd';
  readonly summary: string;
  /** Options that every command of this program takes, besides the common ones. */
  readonly options: Readonly<Record<string, Option>>;
  /** Commands in the order of help, grouped by task. */
  readonly groups: readonly { readonly title: string; readonly commands: readonly Entry[] }[];
  /** Other tools' names for commands that are called otherwise here, and what to type instead. */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

export interface Entry {
  readonly name: string;
  /** Commands are loaded one at a time, since operators notice start-up time. */
  readonly load: () => Promise<Command>;
}

/** The program's commands in the order of help. */
export function entries(program: Program): readonly Entry[] {
  return program.groups.flatMap(group => group.commands);
}

/** Operands of a command that takes none. */
export const noOperands: Operands = { min: 0, max: 0, what: '' };

/** Options that every command of both programs takes, before the command's name or after it. */
export const commonOptions = {
  config: { type: 'string', short: 'c', value: 'FILE', help: 'the configuration (HOSTD_CONFIG)' },
  help: { type: 'boolean', short: 'h', help: 'show help' },
} as const satisfies Record<string, Option>;

export const socketOption = {
  socket: { type: 'string', value: 'PATH', help: 'the control socket (HOSTD_SOCKET)' },
} as const satisfies Record<string, Option>;
