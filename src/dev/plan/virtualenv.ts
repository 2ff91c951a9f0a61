// Finds the Python that a project runs with: the virtualenv beside it, the one that poetry, uv or pipenv keeps for it, the active one,
// or the system's. Asks that Python whether it works, and has Django.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HostdError } from '../../errors.ts';
import { quoteWord } from '../../words/shlex.ts';
import { ancestors } from './django.ts';
import { readProjectFile } from './project-file.ts';
import { reach } from './reach.ts';

export interface Python {
  /** The virtualenv's folder, or null for the system's Python. */
  readonly root: string | null;
  readonly python: string;
  /** How it was found: ".venv", "poetry", "the active virtualenv", "python3". */
  readonly by: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Milliseconds that poetry, pipenv or Python may take to answer. */
const patience = 20_000;

/** Tools that keep a project's virtualenv elsewhere: the file that shows their use, and the command that tells where. */
const keepers = [
  { tool: 'poetry', file: 'poetry.lock', ask: ['env', 'info', '--path'] },
  { tool: 'poetry', file: 'pyproject.toml', mark: '[tool.poetry', ask: ['env', 'info', '--path'] },
  { tool: 'pipenv', file: 'Pipfile', ask: ['--venv'] },
] as const;

/** @throws HostdError for a broken virtualenv, or where there is no Python at all. */
export async function findPython(directory: string, top: string, env: Environment): Promise<Python> {
  const folders = ancestors(directory, 3);
  const asked = folders.indexOf(top) + 1;
  const within = folders
    .slice(0, Math.max(2, asked))
    .filter((folder, index) => index < Math.max(1, asked) || isTrusted(folder));
  const uv = env['UV_PROJECT_ENVIRONMENT'];
  const names = ['.venv', 'venv', ...(uv === undefined ? [] : [uv]), 'env', 'virtualenv'];
  for (const folder of within) {
    for (const name of names)
      if (isVirtualenv(join(folder, name))) return virtualenv(join(folder, name), name);
    // The folder around the project may be the virtualenv, as in /webapps/hello_django.
    if (isVirtualenv(folder)) return virtualenv(folder, folder);
  }
  for (const folder of within) {
    const kept = await askKeepers(folder, env);
    if (kept !== null) return kept;
    if (existsSync(join(folder, 'uv.lock')))
      throw new HostdError(
        'failed',
        `cannot find the virtualenv of "${folder}": it has a uv.lock, but no .venv`,
        {
          hint: `cd ${quoteWord(folder)} && uv sync`,
        },
      );
  }
  const active = env['VIRTUAL_ENV'];
  if (active) return virtualenv(active, 'the active virtualenv');
  const system = (env['PATH'] ?? '')
    .split(':')
    .map(folder => join(folder, 'python3'))
    .find(path => existsSync(path));
  if (system === undefined)
    throw new HostdError('failed', `cannot find a Python for "${directory}"`, {
      hint: `python3 -m venv ${quoteWord(`${directory}/.venv`)}`,
    });
  return { root: null, python: system, by: 'python3' };
}

/** Above the project's folder, only files of the user and of root are run: everybody can put files into /tmp. */
function isTrusted(folder: string): boolean {
  const stats = reach(folder);
  if (typeof stats === 'string' || (stats.mode & 0o002) !== 0) return false;
  return stats.uid === 0 || stats.uid === process.getuid?.();
}

function isVirtualenv(folder: string): boolean {
  return existsSync(join(folder, 'pyvenv.cfg'));
}

function virtualenv(root: string, by: string): Python {
  const python = join(root, 'bin/python');
  // Follows the link, which leads nowhere after the virtualenv's Python was upgraded.
  const found = reach(python);
  if (found === 'closed')
    throw new HostdError('failed', `cannot use the virtualenv "${root}": you may not read its bin/python`, {
      hint: `python3 -m venv .venv in the project, or: deactivate (it is ${by})`,
    });
  if (typeof found !== 'string' && found.isFile()) return { root, python, by };
  throw new HostdError('failed', `cannot use the virtualenv "${root}": its bin/python leads nowhere`, {
    hint: `rm -r ${quoteWord(root)} && python3 -m venv ${quoteWord(root)}, and install the requirements again`,
  });
}

async function askKeepers(folder: string, env: Environment): Promise<Python | null> {
  for (const keeper of keepers) {
    const file = join(folder, keeper.file);
    if (!existsSync(file) || ('mark' in keeper && !readProjectFile(file).includes(keeper.mark))) continue;
    const said = await ask(keeper.tool, keeper.ask, folder, env);
    const root = said.output.trim().split('\n').at(-1) ?? '';
    if (said.code === 0 && root.startsWith('/')) return virtualenv(root, keeper.tool);
    const install = keeper.tool === 'poetry' ? 'poetry install' : 'pipenv install';
    throw new HostdError(
      'failed',
      `cannot find the virtualenv of "${folder}": ${keeper.tool} ${said.code === null ? 'is not installed' : 'has none'}`,
      {
        hint:
          said.code === null
            ? `install ${keeper.tool}, or: python3 -m venv ${quoteWord(`${folder}/.venv`)}`
            : `cd ${quoteWord(folder)} && ${install}`,
      },
    );
  }
  return null;
}

/** @throws HostdError when this Python does not run, or cannot import one of the modules. */
export async function checkPython(
  { python, root, by }: Python,
  modules: readonly string[],
  env: Environment,
): Promise<void> {
  const code = `import importlib.util as u, sys; print(*[m for m in sys.argv[1:] if u.find_spec(m) is None])`;
  const { code: status, output, errors } = await ask(python, ['-c', code, ...modules], '/', env);
  if (status !== 0)
    throw new HostdError(
      'failed',
      `cannot run "${python}" (${by}): ${errors.trim().split('\n').at(-1) ?? 'it ended'}`,
      {
        hint:
          root === null
            ? 'python3 -m venv .venv'
            : `rm -r ${quoteWord(root)} && python3 -m venv ${quoteWord(root)}, and install the requirements again`,
      },
    );
  const missing = output.trim().split(' ').filter(Boolean);
  if (missing.length === 0) return;
  const packages = missing.map(name => (name === 'django' ? 'Django' : name)).join(' ');
  throw new HostdError('failed', `cannot find ${packages} in "${python}" (${by})`, {
    hint:
      root === null
        ? `python3 -m venv .venv && .venv/bin/pip install ${packages}`
        : `${quoteWord(python)} -m pip install ${packages}`,
  });
}

interface Said {
  /** null: the command could not be run. */
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function ask(file: string, args: readonly string[], cwd: string, env: Environment): Promise<Said> {
  return new Promise(resolve => {
    execFile(file, [...args], { cwd, env: { ...env }, timeout: patience }, (error, output, errors) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code: error?.killed ? 1 : code, output, errors: errors || (error?.message ?? '') });
    });
  });
}
