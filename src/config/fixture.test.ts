// For tests: loads files from a directory that is removed again, on a machine where everything exists.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Host } from '../model/host.ts';
import type { Machine } from '../model/machine.ts';
import { formatProblem } from '../model/problem.ts';
import { type Loaded, load } from './load.ts';

export const richMachine: Machine = {
  hasIpv6: () => true,
  user: name => (name === 'root' || name === 'toor' ? { uid: 0, gid: 0 } : { uid: 1000, gid: 1000 }),
  group: () => ({ gid: 1000 }),
  kind: () => 'directory',
  isExecutable: () => true,
};

export const bareMachine: Machine = {
  hasIpv6: () => true,
  user: name => (name === 'www-data' ? { uid: 33, gid: 33 } : null),
  group: name => (name === 'hostd' ? { gid: 99 } : null),
  kind: () => 'missing',
  isExecutable: () => false,
};

export interface Tried extends Loaded {
  /** The problems as people see them, without the directory of the files. */
  readonly said: readonly string[];
}

/** Loads `files`, by their paths from the directory of hostd.toml. */
export function tryFiles(
  files: Readonly<Record<string, string | Buffer>>,
  options: { machine?: Machine | null } = {},
): Tried {
  return tryAfter(null, files, options);
}

/** Loads `before` and then `files` in the same place, where what the first load found runs. */
export function tryAfter(
  before: Readonly<Record<string, string | Buffer>> | null,
  files: Readonly<Record<string, string | Buffer>>,
  options: { machine?: Machine | null } = {},
): Tried & { readonly incumbents: Host | undefined } {
  const directory = mkdtempSync(join(tmpdir(), 'hostd-load-'));
  try {
    const main = join(directory, 'hostd.toml');
    if (before !== null) writeFiles(directory, before);
    const incumbents = before === null ? undefined : load(main, { machine: richMachine }).host;
    writeFiles(directory, files);
    const loaded = load(main, { machine: richMachine, ...options, incumbents });
    const said = loaded.problems.map(p => formatProblem(p).replaceAll(`${directory}/`, ''));
    return { ...loaded, said, incumbents };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function writeFiles(directory: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    // A mode of its own, since the umask of the tests must not matter.
    writeFileSync(join(directory, name), text, { mode: 0o644 });
  }
}

/** Loads one file of apps.d beside an empty hostd.toml. */
export function tryApps(text: string, options: { machine?: Machine | null } = {}): Tried {
  const tried = tryFiles({ 'hostd.toml': '', 'apps.d/a.toml': text }, options);
  return { ...tried, said: tried.said.map(line => line.replaceAll('apps.d/a.toml', 'a.toml')) };
}
