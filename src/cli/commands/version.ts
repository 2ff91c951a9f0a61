// hostctl version and hostd version

import { readFile } from 'node:fs/promises';
import { type Command, noOperands } from '../program/command.ts';

export const version: Command = {
  name: 'version',
  summary: 'print the version',
  usage: '',
  help: 'Prints the version of this program. hostd and hostctl come from one package and share it.',
  options: {},
  operands: noOperands,
  async run(_input, context) {
    const file = new URL('../../../package.json', import.meta.url);
    const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
    context.stdout.write(`${context.program.name} ${version}\n`);
    return 0;
  },
};
