// Running hostd's own other programs (proxy workers, health probes) as unprivileged users: with the Node that runs hostd,
// from code that the user can read even when hostd is installed below a directory that is closed to others.

import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { as, type Owner } from './paths.ts';

const source = dirname(import.meta.dirname);
/** Built beside this file; in the source tree they are .ts files. */
const suffix = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
/** What the programs import, themselves included. */
const parts = ['proxy', 'probe', 'protocol', 'model', 'native', `errors${suffix}`];

/**
 * A proxy's garbage is short-lived and much: collected often, in small portions and without threads that two cores are too few for,
 * it holds up fewest requests, in the least memory, at no lower rate.
 */
export const flagsOf = {
  proxy: ['--single-threaded-gc', '--max-semi-space-size=2'],
  probe: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

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
    argv: [
      title,
      '--disable-warning=ExperimentalWarning',
      ...flagsOf[name],
      join(home, name, `main${suffix}`),
    ],
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

let copied: string | null = null;

/** Made anew by each hostd, which may be an upgraded one, but once: programs are being loaded from it all the time. */
function copyOf(runtimeDir: string): string {
  copied ??= makeCopy(join(runtimeDir, 'code'));
  return copied;
}

function makeCopy(copy: string): string {
  rmSync(copy, { recursive: true, force: true });
  const code = join(copy, 'dist');
  for (const part of parts) cpSync(join(source, part), join(code, part), { recursive: true });
  for (const part of ['build/bare-sockets.node', 'node_modules/undici']) {
    const from = join(source, '..', part);
    if (existsSync(from)) cpSync(from, join(copy, part), { recursive: true });
  }
  writeFileSync(join(copy, 'package.json'), '{"type":"module"}\n');
  // The files may have been closed too, not only a directory above them.
  for (const entry of readdirSync(copy, { recursive: true, withFileTypes: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  return code;
}
