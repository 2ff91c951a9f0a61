// The step "virtualenv": a Python environment in the app's root, made by the app's user.

import { existsSync } from 'node:fs';
import { HostdError } from '../errors.ts';
import { removeTree } from './remove-tree.ts';
import { must } from './run.ts';
import { asApp, made, type Outcome, type Site, there } from './site.ts';

/** What `python3 -m venv` puts into the root. */
const virtualenvEntries = ['bin', 'lib', 'lib64', 'include', 'share', 'pyvenv.cfg'] as const;

export async function makeVirtualenv(site: Site): Promise<Outcome> {
  const { run, order } = site;
  const python = `${order.root}/bin/python`;
  if ((await run(asApp(site, [python, '-m', 'pip', '--version']))).code === 0) return there;
  const base = await findPython(site);
  for (const name of virtualenvEntries) {
    if ((await run(asApp(site, ['test', '-e', `${order.root}/${name}`]))).code === 0) continue;
    site.onUndoBelow({
      what: `remove ${order.root}/${name}`,
      action: () => void removeTree(order.root, [name]),
    });
  }
  await must(run, 'make the virtualenv', asApp(site, [base, '-m', 'venv', order.root]));
  const version = await run(asApp(site, [python, '--version']));
  return made(`made with ${version.stdout.trim() || base}`);
}

/** A Python that the app's user may run. One below a closed home, such as root's pyenv, is not used. */
async function findPython(site: Site): Promise<string> {
  const { python } = site.order;
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/bin', '/usr/bin'];
  const candidates =
    python?.startsWith('/') === true
      ? [python]
      : directories
          .filter(directory => directory.startsWith('/'))
          .map(directory => `${directory}/${python ?? 'python3'}`);
  for (const candidate of new Set(candidates)) {
    if (!existsSync(candidate)) continue;
    const { code } = await site.run(asApp(site, [candidate, '-c', 'import ensurepip, venv']));
    if (code === 0) return candidate;
  }
  throw new HostdError(
    'failed',
    `cannot find a ${python ?? 'python3'} with venv that "${site.order.user}" may run`,
    {
      hint: `apt-get install ${python?.replace(/^.*\//, '') ?? 'python3'}-venv`,
    },
  );
}
