// Another installation of hostd for one test: a copy of the checkout whose parts may be missing, closed or another user's.

import { existsSync, mkdirSync } from 'node:fs';
import { must } from '../../scripts/run.ts';
import { checkout } from './hostd.ts';
import type { Place } from './place.ts';

/** The parts of an installed package. */
const installed = ['bin', 'build', 'dist', 'man', 'package.json', 'src/native', 'node_modules'];

/** The Node that npm installs for this machine. */
export const broughtNode = `node_modules/node-linux-${process.arch}/bin/node`;

/**
 * Copies `parts` of the checkout to `home`, by hard links where possible: never change a file in it, but replace it.
 * Returns `home`.
 */
export async function copyCheckout(home: string, parts: readonly string[] = installed): Promise<string> {
  mkdirSync(home, { recursive: true });
  const there = parts.filter(part => existsSync(`${checkout}/${part}`));
  const linked =
    'cp -al --parents --target-directory="$0" "$@" || cp -a --parents --target-directory="$0" "$@"';
  await must('copy the checkout', ['sh', '-c', linked, home, ...there], { cwd: checkout });
  return home;
}

/** Everything in a clone with its packages, without git's own. */
export const wholeCheckout = [
  ...[
    '.ci',
    'benchmarks',
    'bin',
    'biome.json',
    'build',
    'demo',
    'dist',
    'docs',
    'etc',
    'integration',
    'man',
    'node_modules',
  ],
  ...['package-lock.json', 'package.json', 'scripts', 'src', 'tsconfig.build.json', 'tsconfig.json'],
];

/** A directory with a `node` that is too old for hostd, as on many machines: the Node of this process in disguise. */
export function oldNode(place: Place): string {
  const script = `#!/bin/sh
case "$*" in
  --version) echo v20.19.2 ;;
  *.ts*) echo 'TypeError [ERR_UNKNOWN_FILE_EXTENSION]: Unknown file extension ".ts"' >&2 && exit 1 ;;
  *) exec ${process.execPath} "$@" ;;
esac
`;
  place.write('old-node/node', script, 0o755);
  return `${place.dir}/old-node`;
}
