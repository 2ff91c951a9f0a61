// The step "packages": installs what the virtualenv needs by pip, or Debian's packages where pip reaches no index.

import { HostdError } from '../errors.ts';
import { chooseRequirements } from './requirements.ts';
import { type Command, failed, must, type Ran } from './run.ts';
import { asApp, made, type Outcome, type Site, there } from './site.ts';

const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--quiet'];
const debianPackages = ['python3-django', 'gunicorn'];

export async function installPackages(site: Site): Promise<Outcome> {
  const wanted = ['Django', 'gunicorn', ...(await chooseRequirements(site))];
  if (await areInstalled(site, wanted)) return there;
  await noteInstalled(site);
  const ran = await site.run(pipInstall(site, wanted));
  if (ran.code !== 0) {
    if (!reachesNoIndex(ran)) throw failed('install the packages', pipInstall(site, wanted), ran);
    await useDebians(site, debianPackages, wanted);
  }
  return made(`installed (${await versions(site)})`);
}

/** Whether everything is installed: without an index pip succeeds only when it has nothing to do. */
async function areInstalled(site: Site, wanted: readonly string[]): Promise<boolean> {
  const argv = [`${site.order.root}/bin/python`, ...pip, '--no-index', ...wanted];
  const { code } = await site.run(asApp(site, argv, { env: { PIP_CONFIG_FILE: '/dev/null' } }));
  return code === 0 && (await hasGunicorn(site));
}

async function hasGunicorn(site: Site): Promise<boolean> {
  return (await site.run(asApp(site, ['test', '-x', `${site.order.root}/bin/gunicorn`]))).code === 0;
}

export function pipInstall(site: Site, wanted: readonly string[]): Command {
  const env = { ...site.network, PIP_NO_CACHE_DIR: '1', PIP_RETRIES: '2' };
  return asApp(site, [`${site.order.root}/bin/python`, ...pip, ...wanted], { env });
}

/** Whether the network or the index has failed, and not the request: every index has Django. Pure. */
export function reachesNoIndex({ stdout, stderr }: Pick<Ran, 'stdout' | 'stderr'>): boolean {
  const signs =
    /after connection broken by|Max retries exceeded|Network is unreachable|No matching distribution found for (Django|gunicorn)\s*$/im;
  return signs.test(`${stdout}\n${stderr}`);
}

/** Makes Debian's packages visible in the virtualenv. All wanted packages must be among them. */
export async function useDebians(
  site: Site,
  packages: readonly string[],
  wanted: readonly string[],
): Promise<void> {
  const { run, order, network } = site;
  site.note(`pip reaches no index: using Debian's ${packages.join(' and ')} (they stay installed)`);
  await must(
    run,
    `install Debian's ${packages.join(' and ')}`,
    {
      argv: [
        'apt-get',
        '-qq',
        '-o',
        'Dpkg::Use-Pty=0',
        '-o',
        'DPkg::Lock::Timeout=300',
        'install',
        '-y',
        '--no-install-recommends',
        ...packages,
      ],
      env: { ...network, DEBIAN_FRONTEND: 'noninteractive' },
    },
    'a package index for pip: PIP_INDEX_URL=https://..., or PIP_FIND_LINKS=DIR with wheels',
  );
  const venv = ['-m', 'venv', '--system-site-packages', order.root];
  await must(run, 'make the virtualenv', asApp(site, ['/usr/bin/python3', ...venv]));
  if (!(await hasGunicorn(site))) await writeGunicorn(site);
  if (await areInstalled(site, wanted)) return;
  throw new HostdError(
    'failed',
    `cannot install ${wanted.join(' ')}: pip reaches no index, and Debian's do not do`,
    {
      hint: 'PIP_INDEX_URL=https://..., or PIP_FIND_LINKS=DIR with wheels',
    },
  );
}

/** A start script in the virtualenv, since Debian's own is for Debian's Python. exec keeps the pid, which LISTEN_PID names. */
async function writeGunicorn(site: Site): Promise<void> {
  const { root } = site.order;
  const script = `#!/bin/sh\nexec ${root}/bin/python -m gunicorn "$@"\n`;
  await must(site.run, 'write bin/gunicorn', asApp(site, ['tee', `${root}/bin/gunicorn`], { input: script }));
  await must(site.run, 'make bin/gunicorn executable', asApp(site, ['chmod', '755', `${root}/bin/gunicorn`]));
}

/** To be called before pip installs anything. A root that create has made is removed as a whole, and nothing of it is noted. */
export async function noteInstalled(site: Site): Promise<void> {
  if (site.rootIsMade) return;
  const before = await installedNames(site);
  site.onUndoBelow({ what: 'remove what pip installed', action: () => uninstallSince(site, before) });
}

async function installedNames(site: Site): Promise<ReadonlySet<string>> {
  const argv = [`${site.order.root}/bin/python`, '-m', 'pip', 'list', '--local', '--format=freeze'];
  const { stdout } = await site.run(asApp(site, argv));
  return new Set(stdout.split('\n').flatMap(line => /^[\w.-]+/.exec(line)?.[0] ?? []));
}

async function uninstallSince(site: Site, before: ReadonlySet<string>): Promise<void> {
  const fresh = [...(await installedNames(site))].filter(name => !before.has(name));
  if (fresh.length === 0) return;
  const argv = [`${site.order.root}/bin/python`, '-m', 'pip', 'uninstall', '--yes', '--quiet', ...fresh];
  await must(site.run, 'remove what pip installed', asApp(site, argv));
}

async function versions(site: Site): Promise<string> {
  const code =
    'import django, gunicorn; print("Django", django.__version__ + ", gunicorn", gunicorn.__version__)';
  const ran = await site.run(asApp(site, [`${site.order.root}/bin/python`, '-c', code]));
  return ran.stdout.trim();
}
