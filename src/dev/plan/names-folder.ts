// The folder of names, ~/.config/hostd/dev. Each file in it is a site that runs elsewhere (a port, a URL, a socket's path), and
// each link to a folder is a project that its first request starts.

import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseAddress } from '../../embed/address.ts';
import { HostdError, messageOf } from '../../errors.ts';
import type { Address } from '../../proxy/app/app-connection.ts';
import { quoteWord } from '../../words/shlex.ts';
import { readProjectFile } from './project-file.ts';
import { reach } from './reach.ts';
import { isSiteName } from './site-name.ts';

export type Named =
  | { readonly kind: 'server'; readonly name: string; readonly address: Address }
  | { readonly kind: 'project'; readonly name: string; readonly directory: string };

/** Bytes. No address is longer, and an image that is there by mistake is not read. */
const longestFile = 4096;

/** The folder for a user's own files of hostd dev (XDG Base Directory Specification). */
export function configFolder(env: Readonly<Record<string, string | undefined>>): string {
  const base = env['XDG_CONFIG_HOME'];
  return join(base?.startsWith('/') ? base : join(env['HOME'] || homedir(), '.config'), 'hostd');
}

export function namesFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(configFolder(env), 'dev');
}

/** All names in the folder. One that cannot be used is an error, and does not affect the others. */
export function readNames(folder: string): {
  readonly named: readonly Named[];
  readonly errors: readonly HostdError[];
} {
  if (!existsSync(folder)) return { named: [], errors: [] };
  const named: Named[] = [];
  const errors: HostdError[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (name.startsWith('.') || name.endsWith('~')) continue;
    try {
      named.push(readName(folder, name));
    } catch (error) {
      errors.push(
        error instanceof HostdError
          ? error
          : new HostdError('failed', `cannot read "${join(folder, name)}": ${messageOf(error)}`, {
              hint: `ls -l ${quoteWord(join(folder, name))}`,
            }),
      );
    }
  }
  return { named, errors };
}

function readName(folder: string, name: string): Named {
  const path = join(folder, name);
  if (!isSiteName(name))
    throw new HostdError('failed', `cannot use the name of "${path}": it can be no host name`, {
      hint: 'lower case letters, digits and "-"',
    });
  const stats = reach(path);
  if (typeof stats === 'string')
    throw new HostdError(
      'failed',
      `cannot use "${path}": what it leads to ${stats === 'missing' ? 'is not there' : 'you may not look at'}`,
      { hint: `ls -l ${quoteWord(path)}, or: rm ${quoteWord(path)}` },
    );
  if (stats.isDirectory()) return { kind: 'project', name, directory: realpathSync(path) };
  if (stats.isSocket()) return { kind: 'server', name, address: realpathSync(path) };
  if (!stats.isFile() || stats.size > longestFile)
    throw new HostdError('failed', `cannot use "${path}": it is no address of a server`, {
      hint: `echo 3000 > ${quoteWord(path)}`,
    });
  return { kind: 'server', name, address: parseAddress(readProjectFile(path), path) };
}
