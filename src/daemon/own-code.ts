// Running hostd's own other programs (proxy workers, health probes) as unprivileged users: with the Node that runs hostd,
// from code that the user can read even when hostd is installed below a directory that is closed to others.

import { closeSync, cpSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { as, type Owner } from './paths.ts';

const source = dirname(dirname(fileURLToPath(import.meta.url)));
/** Built beside this file; in the source tree they are .ts files. */
const suffix = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
/** What the programs import, themselves included. */
const parts = ['proxy', 'probe', 'protocol', 'model', `errors${suffix}`];

export interface OwnProgram {
  readonly argv: readonly string[];
  /** The open Node binary; the caller closes it. */
  readonly binary: number;
}

/** `name` is "proxy" or "probe"; `title` is what ps shows as argv[0]. */
export function ownProgram(
  name: 'proxy' | 'probe',
  title: string,
  user: Owner,
  runtimeDir: string,
): OwnProgram {
  const home = readable(join(source, name, `main${suffix}`), user) ? source : copyOf(runtimeDir);
  return {
    argv: [title, ...process.execArgv, join(home, name, `main${suffix}`)],
    binary: openSync(process.execPath, 'r'),
  };
}

function readable(file: string, user: Owner): boolean {
  try {
    as(user, () => closeSync(openSync(file, 'r')));
    return true;
  } catch {
    return false;
  }
}

/** Made anew at each start: hostd may have been upgraded in between. */
function copyOf(runtimeDir: string): string {
  const copy = join(runtimeDir, 'code');
  rmSync(copy, { recursive: true, force: true });
  for (const part of parts) cpSync(join(source, part), join(copy, part), { recursive: true });
  const undici = join(source, '..', 'node_modules', 'undici');
  if (existsSync(undici)) cpSync(undici, join(copy, 'node_modules', 'undici'), { recursive: true });
  writeFileSync(join(copy, 'package.json'), '{"type":"module"}\n');
  return copy;
}
