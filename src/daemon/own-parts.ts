// What hostd's own other programs load, in one list. The copy for a closed installation is made from it (own-code.ts), and the digest
// that tells whether a worker was started from another version.

import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { native } from '../native/index.ts';

export type OwnName = 'proxy' | 'probe' | 'rpc' | 'notify' | 'web' | 'metrics';

/** A file, or a folder with everything below it. */
export interface Part {
  /** Where the part is, links resolved. */
  readonly from: string;
  /** Where the part belongs in a copy, as a path from the copy's root. */
  readonly to: string;
}

interface Loads {
  /** Below dist/ (src/ in the source tree). */
  readonly code: readonly string[];
  /** Below build/. */
  readonly addons: readonly string[];
  /** Below node_modules/, which may belong to a package that depends on hostd. */
  readonly packages: readonly string[];
  /** Options of Node. */
  readonly flags: readonly string[];
}

/** The ending of this file and those beside it: .js as built, .ts in the source tree. */
export const suffix = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/**
 * For those that wait. V8 looks every 8 seconds whether it could give memory back, takes a heap in which nothing happens for a busy one, and so
 * goes on looking for ever (MemoryReducer).
 */
const quiet = ['--no-memory-reducer', ...withoutSnapshot()];

/** For those that wait for most of their lives, with a few threads and no compiler: memory that could be executed is none of theirs. */
const small = [
  ...quiet,
  '--max-semi-space-size=1',
  '--jitless',
  '--single-threaded-gc',
  '--v8-pool-size=1',
  '--expose-gc',
];

const loads: Readonly<Record<OwnName, Loads>> = {
  proxy: {
    code: [
      'proxy',
      'protocol',
      'model',
      `native/bare-sockets${suffix}`,
      `native/memory${suffix}`,
      `words/shlex${suffix}`,
      `errors${suffix}`,
      `process-name${suffix}`,
    ],
    addons: [`linux-${process.arch}/bare-sockets.node`],
    packages: ['undici/package.json', 'undici/lib/llhttp'],
    // A proxy's garbage is much and short-lived. Collected often, in small portions and on one thread, it holds up the fewest requests, in
    // the least memory, at the same rate. Pretenuring would take what survives under load for long-lived, and put it where it is seldom
    // collected: a third more memory and processor time from then on. In the memory saver's mode the old garbage grows by 2 MB, not by 8, before it is
    // collected. For gc(): src/native/memory.ts.
    flags: [
      ...quiet,
      '--single-threaded-gc',
      '--max-semi-space-size=2',
      '--no-allocation-site-pretenuring',
      '--memory-saver-mode',
      '--expose-gc',
    ],
  },
  probe: {
    code: ['probe', 'protocol', 'model', `errors${suffix}`, `process-name${suffix}`],
    addons: [],
    packages: ['undici'],
    flags: [],
  },
  notify: {
    code: ['notify', 'protocol', 'model', `errors${suffix}`, `process-name${suffix}`],
    addons: [],
    packages: ['undici'],
    flags: [],
  },
  web: {
    code: [
      'web',
      'protocol',
      'model',
      `native/index${suffix}`,
      `native/bare-sockets${suffix}`,
      `native/memory${suffix}`,
      `linux/socket-owner${suffix}`,
      `proxy/http/client-address${suffix}`,
      `words/html${suffix}`,
      `words/password${suffix}`,
      `errors${suffix}`,
      `process-name${suffix}`,
    ],
    addons: [`linux-${process.arch}/hostd.node`, `linux-${process.arch}/bare-sockets.node`],
    packages: [],
    flags: small,
  },
  metrics: {
    code: ['metrics', 'exposition', 'protocol', 'model', `errors${suffix}`, `process-name${suffix}`],
    addons: [],
    packages: [],
    flags: [...quiet, '--max-semi-space-size=4'],
  },
  rpc: {
    code: [
      'rpc',
      'xmlrpc',
      'protocol',
      'model',
      `native/index${suffix}`,
      `words/process-names${suffix}`,
      `words/html${suffix}`,
      `words/python${suffix}`,
      `native/bare-sockets${suffix}`,
      `native/memory${suffix}`,
      `errors${suffix}`,
      `process-name${suffix}`,
    ],
    addons: [`linux-${process.arch}/hostd.node`, `linux-${process.arch}/bare-sockets.node`],
    packages: ['saxes', 'xmlchars'],
    flags: small,
  },
};

/**
 * For the environment of each: malloc gives back what is freed (mallopt(3)). By itself it keeps an arena for each thread of the compiler, and
 * blocks of up to 32 MB.
 */
export const ownEnvironment: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/** 4 MB less, and a start that takes some milliseconds more. Node does not document the flag, so it is given where it is known. */
function withoutSnapshot(): string[] {
  return process.versions.node.startsWith('24.') ? ['--no-node-snapshot'] : [];
}

export function flagsOf(name: OwnName): readonly string[] {
  return loads[name].flags;
}

/** `source`: the folder with the programs' code. A part that is not there (an addon that was not built) is left out. */
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

/** The place where Node finds a package: the nearest node_modules that has it. */
function installed(root: string, path: string): string {
  const place = join(root, 'node_modules', path);
  return existsSync(place) || root === dirname(root) ? place : installed(dirname(root), path);
}

/**
 * A digest of all that the program loads, of Node itself and of its options. Another digest means that a running program was started
 * from something else. `node`: the path of the binary; `versions`: its own and its libraries'.
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
  // Node's binary counts by size and time, since it has a hundred megabytes.
  const { size, mtimeMs } = statSync(node);
  return native.sha256(JSON.stringify([files, flagsOf(name), ownEnvironment, versions, size, mtimeMs]));
}

/** The files below a folder, as paths from it. For a file: ['']. */
function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [''];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter(file => statSync(join(path, file)).isFile())
    .sort();
}
