// hostctl version and hostd version

import { readFile } from 'node:fs/promises';
import { errnoOf } from '../../errors.ts';
import { escapeJson } from '../../words/escape.ts';
import { type Command, noOperands } from '../program/command.ts';

export const version: Command = {
  name: 'version',
  summary: 'print the version',
  usage: '[--json]',
  help: 'Prints the version of this program. hostd and hostctl come from one package and share it.',
  options: {
    json: {
      type: 'boolean',
      help: 'print an object: version, commit, Node, and the file of system calls that is loaded',
    },
  },
  operands: noOperands,
  async run({ options }, { program, stdout }) {
    const version = await ownVersion();
    if (options['json'] !== true) {
      stdout.write(`${program.name} ${version}\n`);
      return 0;
    }
    const { addonFile } = await import('../../native/index.ts');
    const parts = { version, commit: await commit(), node: process.versions.node, addon: addonFile };
    stdout.write(`${escapeJson(parts)}\n`);
    return 0;
  },
};

/** The version of the package that this program is from. */
export async function ownVersion(): Promise<string> {
  return (JSON.parse(await textOf('package.json')) as { version: string }).version;
}

/** What dist/ was built from; null where nobody knew. */
async function commit(): Promise<string | null> {
  try {
    return (await textOf('dist/commit')).trim();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** A file of the package. */
async function textOf(path: string): Promise<string> {
  return await readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');
}
