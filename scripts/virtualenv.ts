// Makes Python virtualenvs with Django and gunicorn, once. A marker that is written last tells a finished one from a torn one.
// Knows nothing of the sites that run in them.

import { existsSync, readFileSync } from 'node:fs';
import { type Account, must, type RunOptions, run } from './run.ts';

const MARKER = '.hostd-ready';
/** Without a network, pip itself would wait for minutes. */
const PIP = [
  '-m',
  'pip',
  'install',
  '--quiet',
  '--disable-pip-version-check',
  '--retries',
  '2',
  '--timeout',
  '30',
];

export interface Recipe {
  readonly name: string;
  readonly packages: readonly string[];
  /** The Python versions that it runs on: from, and below. */
  readonly python: readonly [from: number, below: number];
  /** Debian's packages for it, where pip reaches no index. */
  readonly debian: readonly string[];
}

/** Today's versions, for the demo. */
export const modern: Recipe = {
  name: 'modern',
  packages: ['Django>=3.2,<7', 'gunicorn>=20.1'],
  python: [3.08, 4],
  debian: ['python3-django', 'gunicorn'],
};

/** The user that stands for any user, when root looks for a Python that everybody may run. */
const nobody: Account = { name: 'nobody', uid: 65534, gid: 65534 };

interface Python {
  readonly path: string;
  /** Whether its venv can install pip: Debian has ensurepip in its own package, python3-venv. */
  readonly hasPip: boolean;
}

/**
 * A Python that `account` may run; any user, if root names none. A Python below a closed home directory, such as root's pyenv, is not
 * used. A Python whose venv can install pip is preferred.
 */
async function findPython(account: Account | undefined): Promise<Python> {
  const tried: string[] = [];
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/usr/local/bin'];
  const candidates = directories.map(directory => `${directory}/python3`).filter(path => existsSync(path));
  for (const hasPip of [true, false]) {
    const modules = hasPip ? 'ensurepip, venv' : 'venv';
    const probe = `import os, sys, ${modules}; print(os.path.realpath(sys.executable))`;
    for (const candidate of new Set(candidates)) {
      const real = await run([candidate, '-c', probe]);
      const path = real.stdout.trim();
      tried.push(candidate);
      if (real.code === 0 && (await run([path, '-c', probe], { as: account ?? nobody })).code === 0)
        return { path, hasPip };
    }
  }
  const whose = account ? `"${account.name}"` : 'this user';
  throw new Error(
    `cannot find a python3 with venv that ${whose} may run (tried ${[...new Set(tried)].join(', ') || 'PATH'})\n` +
      '  try: apt-get install python3-venv',
  );
}

/** "3.11" as 3.11, "3.9" as 3.09, so that they compare. */
export async function pythonVersion(python: string): Promise<number> {
  const code = 'import sys; print(sys.version_info[0] + sys.version_info[1] / 100)';
  return Number(await must('ask Python for its version', [python, '-c', code]));
}

/** 3.09 as "3.9". */
function asText(version: number): string {
  return `${Math.floor(version)}.${Math.round((version % 1) * 100)}`;
}

/**
 * Makes the virtualenv at `root`, unless it is there and whole. What is already in `root` stays.
 * Returns whether it had to be made.
 */
export async function makeVirtualenv(root: string, recipe: Recipe, account?: Account): Promise<boolean> {
  const marker = `${root}/${MARKER}`;
  const python = `${root}/bin/python`;
  const spec = `${recipe.name}: ${recipe.packages.join(' ')}\n`;
  const whole = (await run(['cat', marker], { as: account })).stdout === spec;
  if (whole && (await run([python, '-c', 'import django, gunicorn'], { as: account })).code === 0)
    return false;

  const { path: base, hasPip } = await findPython(account);
  const version = await pythonVersion(base);
  if (version < recipe.python[0] || version >= recipe.python[1]) {
    throw new Error(
      `${base} is Python ${asText(version)}, and ${recipe.packages.join(', ')} are for ${asText(recipe.python[0])} or later, before ${asText(recipe.python[1])}`,
    );
  }
  const options = { as: account, env: environment(root) };
  await must('remove the old virtualenv', ['rm', '-rf', `${root}/bin`, `${root}/lib`, marker], options);
  const venv = ['-m', 'venv', ...(hasPip ? [] : ['--without-pip']), root];
  await must(`make the virtualenv ${root}`, [base, ...venv], options);
  const brought = hasPip ? null : await bringPip(python, options);
  const pip = brought ?? (await run([python, ...PIP, ...recipe.packages], options));
  if (pip.code !== 0) await useDebians(root, recipe, account, pip.stderr);
  await must('mark the virtualenv as finished', ['tee', marker], { ...options, input: spec });
  return true;
}

/** Returns the error, or null. */
async function bringPip(
  python: string,
  options: RunOptions,
): Promise<{ readonly code: number; readonly stderr: string } | null> {
  console.log('python3-venv is not installed: pip comes from its own index');
  const script = readFileSync(new URL('pip.py', import.meta.url), 'utf8');
  const ended = await run([python, '-'], { ...options, input: script });
  return ended.code === 0 ? null : ended;
}

/** Passes on pip's settings and proxy. HOME is a directory that the account may write to. */
function environment(root: string): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) =>
    /^(PIP_|LANG$|LC_|SSL_|(https?|no|all)_proxy$)/i.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: root,
    PIP_NO_CACHE_DIR: '1',
  };
}

async function useDebians(
  root: string,
  recipe: Recipe,
  account: Account | undefined,
  said: string,
): Promise<void> {
  const why = said.trim().split('\n').slice(-3).join('\n    ');
  if (recipe.debian.length === 0)
    throw new Error(`cannot pip install ${recipe.packages.join(' ')}:\n    ${why}`);
  console.log(
    `pip could not install ${recipe.packages.join(', ')}; using Debian's ${recipe.debian.join(', ')}`,
  );
  if (process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // Both of the demo's sites may ask for it at the same time.
    const apt = ['apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=300', 'install', '-y'] as const;
    await must('install them', [...apt, ...recipe.debian], { env });
  }
  const options = { as: account, env: environment(root) };
  const venv = ['-m', 'venv', '--system-site-packages', '--without-pip', root] as const;
  await must('remove the torn virtualenv', ['rm', '-rf', `${root}/bin`, `${root}/lib`], options);
  await must(`make the virtualenv ${root}`, ['/usr/bin/python3', ...venv], options);
  const wrapper = `#!/bin/sh\nexec ${root}/bin/python -m gunicorn "$@"\n`;
  await must('write bin/gunicorn', ['tee', `${root}/bin/gunicorn`], { ...options, input: wrapper });
  await must('make bin/gunicorn a program', ['chmod', '755', `${root}/bin/gunicorn`], options);
  const found = await run([`${root}/bin/python`, '-c', 'import django, gunicorn'], options);
  if (found.code !== 0) {
    throw new Error(
      `cannot find Django and gunicorn; pip said\n    ${why}\n  try: apt-get install ${recipe.debian.join(' ')}`,
    );
  }
}
