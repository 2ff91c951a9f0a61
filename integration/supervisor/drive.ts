// Supervisor's own supervisorctl, of Debian's version or of another from PyPI, ready for one command after the other.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { run } from '../../scripts/run.ts';
import type { Place } from '../harness/place.ts';
import { findProgram } from '../harness/programs.ts';

export interface Said {
  readonly code: number;
  readonly text: string;
  /** What went to stderr. */
  readonly errors: string;
}

export interface Driver {
  /** Of Supervisor. */
  readonly version: string;
  run(args: readonly string[]): Promise<Said>;
}

/** `path`: where Python finds Supervisor; null: Debian's. `environment`: more of the commands' own. */
export async function startDriver(
  place: Place,
  path: string | null,
  environment: NodeJS.ProcessEnv = {},
): Promise<Driver> {
  const child = spawn(
    findProgram('python3') ?? 'python3',
    ['-W', 'ignore', `${import.meta.dirname}/drive.py`],
    {
      env: {
        PATH: process.env['PATH'],
        LANG: 'C.UTF-8',
        TZ: 'UTC',
        HOME: place.dir,
        ...place.env,
        ...(path === null ? {} : { PYTHONPATH: path }),
        ...environment,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  place.after(() => void child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('supervisorctl has ended');
    return JSON.parse(value) as unknown;
  };
  const version = (await next()) as string;
  return {
    version,
    run(args) {
      child.stdin.write(`${JSON.stringify(args)}\n`);
      return next() as Promise<Said>;
    },
  };
}

/** Where a version from PyPI is, which is brought once for all tests; null: it cannot be had. */
export async function fromPypi(version: string): Promise<string | null> {
  const cache = process.env['HOSTD_TEST_CACHE'] ?? `${process.env['HOME']}/.cache/hostd-test`;
  const directory = `${cache}/supervisor-${version}`;
  if (existsSync(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  const draft = `${directory}.${process.pid}`;
  const python = findProgram('python3') ?? 'python3';
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-deps',
    '--disable-pip-version-check',
    '--target',
    draft,
  ];
  const { code } = await run([python, ...pip, `supervisor==${version}`], { timeout: 120_000 });
  if (code === 0 && !existsSync(directory)) renameSync(draft, directory);
  rmSync(draft, { recursive: true, force: true });
  return existsSync(directory) ? directory : null;
}
