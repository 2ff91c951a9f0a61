// What hostd's own other programs load, in one list: for the copy that a closed installation needs (own-code.ts), and for
// telling whether the version that runs is another than the one that a worker was started from.

import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from './own/digest.ts';

export type OwnName = 'proxy' | 'probe' | 'rpc';

/** A file or a folder with all that is below it. */
export interface Part {
  /** Where it lies, links resolved. */
  readonly from: string;
  /** Where it belongs in a copy, as a path from the copy's root. */
  readonly to: string;
}

interface Loads {
  /** Below dist/ (src/ in the source tree). */
  readonly code: readonly string[];
  /** Below build/. */
  readonly addons: readonly string[];
  /** Below node_modules/, which may be that of a package that hostd is a part of. */
  readonly packages: readonly string[];
  /** Options of Node. */
  readonly flags: readonly string[];
}

/** Built beside this file; in the source tree they are .ts files. */
export const suffix = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

const loads: Readonly<Record<OwnName, Loads>> = {
  proxy: {
    code: [
      'proxy',
      'protocol',
      'model',
      `native/bare-sockets${suffix}`,
      `words/shlex${suffix}`,
      `errors${suffix}`,
      `process-name${suffix}`,
    ],
    addons: [`linux-${process.arch}/bare-sockets.node`],
    packages: ['undici/package.json', 'undici/lib/llhttp'],
    // A proxy's garbage is short-lived and much: collected often, in small portions and without threads that two cores are
    // too few for, it holds up fewest requests, in the least memory, at no lower rate. An engine that takes what survived under load for
    // long-lived, and makes it where it is seldom collected, needs a third more memory and processor time from then on.
    flags: ['--single-threaded-gc', '--max-semi-space-size=2', '--no-allocation-site-pretenuring'],
  },
  probe: {
    code: ['probe', 'protocol', 'model', `errors${suffix}`, `process-name${suffix}`],
    addons: [],
    packages: ['undici'],
    flags: [],
  },
  rpc: {
    code: [
      'rpc',
      'xmlrpc',
      'protocol',
      'model',
      `native/index${suffix}`,
      `words/process-names${suffix}`,
      `native/bare-sockets${suffix}`,
      `errors${suffix}`,
      `process-name${suffix}`,
    ],
    addons: [`linux-${process.arch}/hostd.node`, `linux-${process.arch}/bare-sockets.node`],
    packages: ['saxes', 'xmlchars'],
    flags: ['--max-semi-space-size=1', '--no-opt', '--no-maglev'],
  },
};

export function flagsOf(name: OwnName): readonly string[] {
  return loads[name].flags;
}

/** `source` is the folder that the programs' code lies in. What is not there (an addon that was not built) is left out. */
export function partsOf(name: OwnName, source: string): readonly Part[] {
  const { code, addons, packages } = loads[name];
  const root = dirname(source);
  const found = [
    ...code.map(path => ({ from: join(source, path), to: join('dist', path) })),
    ...addons.map(path => ({ from: join(root, 'build', path), to: join('build', path) })),
    ...packages.map(path => ({ from: installed(root, path), to: join('node_modules', path) })),
  ];
  return found.flatMap(({ from, to }) => (existsSync(from) ? [{ from: realpathSync(from), to }] : []));
}

/** As Node looks for a package: in the nearest node_modules that has it. */
function installed(root: string, path: string): string {
  const place = join(root, 'node_modules', path);
  return existsSync(place) || root === dirname(root) ? place : installed(dirname(root), path);
}

/**
 * A digest of all that the program loads, Node itself and the options that it runs with included: another one means that
 * what was started before runs something else. `node` is the path of the binary, `versions` are its own and its libraries'.
 */
export function digestOf(
  name: OwnName,
  source: string,
  node: string = process.execPath,
  versions: NodeJS.ProcessVersions = process.versions,
): string {
  const files = partsOf(name, source).flatMap(({ from, to }) =>
    filesOf(from).map(path => `${join(to, path)}\0${readFileSync(join(from, path), 'base64')}`),
  );
  // By its size and time, for it has a hundred megabytes.
  const { size, mtimeMs } = statSync(node);
  return sha256(JSON.stringify([files, flagsOf(name), versions, size, mtimeMs]));
}

/** The files of a folder, however deep, as paths from it; of a file: [''], itself. */
function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [''];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter(file => statSync(join(path, file)).isFile())
    .sort();
}
