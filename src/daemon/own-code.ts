// Running hostd's own other programs (proxy workers, health probes, hostd-rpc, hostd-web) as unprivileged users: with the Node that runs hostd,
// from code that the user can read even where hostd is installed below a directory that is closed to others.

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
import { refusedNode } from '../config/own-programs.ts';
import { as, type Owner } from '../linux/paths.ts';
import type { User } from '../native/index.ts';
import { ownPaths } from './own/own-files.ts';
import { digestOf, flagsOf, type OwnName, ownEnvironment, partsOf, suffix } from './own-parts.ts';

const source = dirname(import.meta.dirname);

export interface OwnProgram {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The open Node binary; the caller closes it. */
  readonly binary: number;
  /** What it means when the kernel refuses to execute the binary. */
  readonly refusal: string;
}

/** `title` is what ps shows as argv[0]. */
export function ownProgram(name: OwnName, title: string, user: User, runtimeDir: string): OwnProgram {
  const { message, hint } = refusedNode(user.name, process.execPath);
  const home = readable(join(source, name, `main${suffix}`), user) ? source : copyOf(runtimeDir);
  return {
    argv: [
      title,
      '--disable-warning=ExperimentalWarning',
      // Otherwise SIGUSR1 would open Node's inspector to every user of this machine.
      '--disable-sigusr1',
      ...flagsOf(name),
      join(home, name, `main${suffix}`),
    ],
    env: ownEnvironment,
    binary: openSync(process.execPath, 'r'),
    refusal: `${message}; try: ${hint}`,
  };
}

let known: string | undefined;

/** A digest of what a proxy worker loads, taken when hostd started. A worker with another digest is renewed. */
export function workerDigest(): string {
  known ??= digestOf('proxy', source);
  return known;
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

/**
 * A copy of the code, made once by each hostd, which may be an upgraded one, and again where somebody has removed it. Not more often, since
 * programs load from it.
 */
function copyOf(runtimeDir: string): string {
  if (copied === null || !existsSync(copied)) copied = makeCopy(ownPaths({ stateDir: '', runtimeDir }).code);
  return copied;
}

function makeCopy(copy: string): string {
  rmSync(copy, { recursive: true, force: true });
  const parts = (['proxy', 'probe', 'rpc', 'notify', 'web', 'metrics'] as const).flatMap(name =>
    partsOf(name, source),
  );
  for (const { from, to } of parts) cpSync(from, join(copy, to), { recursive: true });
  writeFileSync(join(copy, 'package.json'), '{"type":"module"}\n');
  // The files may be closed too, and not only a directory above them.
  for (const entry of readdirSync(copy, { recursive: true, withFileTypes: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  return join(copy, 'dist');
}
