// Help texts, made from the commands themselves so that they cannot disagree. Pure but for loading the commands.

import { type Command, commonOptions, type Option, type Program } from './command.ts';

/** All commands, grouped by task. Fits a screen. */
export async function programHelp(program: Program): Promise<string> {
  const groups = await Promise.all(
    program.groups.map(async ({ title, commands }) => {
      const loaded = await Promise.all(commands.map(entry => entry.load()));
      const width = Math.max(12, ...loaded.map(({ name }) => name.length + 2));
      const lines = loaded.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}\n`);
      return `\n${title}:\n${lines.join('')}`;
    }),
  );
  const options = optionList({ ...commonOptions, ...program.options });
  return (
    `${program.name}: ${program.summary}\n\n${usageLine(program, null)}${groups.join('')}` +
    `\nOptions, before the command or after it:\n${options}\nMore: ${program.name} help COMMAND\n`
  );
}

/** Usage, purpose and options of one command. */
export function commandHelp(program: Program, command: Command): string {
  const own = Object.keys(command.options).length === 0 ? '' : `\n${optionList(command.options)}`;
  const common = optionList({ ...commonOptions, ...program.options });
  return `${usageLine(program, command)}\n${command.help.trim()}\n${own}\n${common}`;
}

export function usageLine(program: Program, command: Command | null): string {
  if (command !== null) return `usage: ${`${program.name} ${command.name} ${command.usage}`.trimEnd()}\n`;
  const socket = 'socket' in program.options ? ' [--socket PATH]' : '';
  return `usage: ${program.name} [-c FILE]${socket} COMMAND ...\n`;
}

function optionList(options: Readonly<Record<string, Option>>): string {
  return Object.entries(options)
    .map(([name, { short, value, help }]) => {
      const words = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
      return `  ${words.padEnd(24)}${help}\n`;
    })
    .join('');
}
