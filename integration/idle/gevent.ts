// gevent, from PyPI, for the gunicorn of the tests: kept in their cache, beside that gunicorn's virtualenv.

import { existsSync, renameSync, rmSync } from 'node:fs';
import { run } from '../../scripts/run.ts';
import { needsVirtualenv, virtualenv } from '../harness/virtualenvs.ts';

/** What gunicorn's worker class imports. */
const packages = ['gevent', 'packaging'];

/** The directory for PYTHONPATH, or why there is none. */
export async function gevent(): Promise<{ readonly path: string } | { readonly why: string }> {
  const missing = needsVirtualenv('recent');
  if (missing !== false) return { why: missing };
  const { root } = virtualenv('recent');
  const path = `${root}-gevent`;
  if (existsSync(path)) return { path };
  const draft = `${path}.${process.pid}`;
  const pip = [`${root}/bin/python`, '-m', 'pip', 'install', '--quiet', '--only-binary', ':all:'] as const;
  const { code, stderr } = await run([...pip, '--target', draft, ...packages], { timeout: 120_000 });
  try {
    if (code === 0) renameSync(draft, path);
  } catch {
    // Another run was faster.
  }
  rmSync(draft, { recursive: true, force: true });
  return existsSync(path)
    ? { path }
    : { why: `pip cannot install gevent: ${stderr.trim().split('\n').at(-1)}` };
}
