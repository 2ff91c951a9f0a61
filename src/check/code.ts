// Judges an app's code without running it: the virtualenv's Python, the project, the modules that gunicorn
// is told, and whether the app's own user may read them.

import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import type { App } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import { native, type User } from '../native/index.ts';
import { nearest } from '../words/nearest.ts';
import { quoteWord } from '../words/shlex.ts';
import { accessTo, canAskFor, describeMode, opening } from './access.ts';
import { type Found, findModule, neighbours, type Tree } from './modules.ts';
import { finding } from './problem.ts';

/** gunicorn's own names of worker classes, and the package that each needs. */
const workerPackages: Readonly<Record<string, string | null>> = {
  sync: null,
  gthread: null,
  asgi: null,
  gevent: 'gevent',
  gevent_wsgi: 'gevent',
  gevent_pywsgi: 'gevent',
  eventlet: 'eventlet',
  tornado: 'tornado',
};

const tree: Tree = {
  kind(path) {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() ? 'file' : stats?.isDirectory() ? 'directory' : 'none';
  },
  list(path) {
    try {
      return readdirSync(path);
    } catch {
      return [];
    }
  },
};

/** All problems, as far as this process may look. `user`: the app's. */
export function checkCode(app: App, user: User): readonly Problem[] {
  try {
    const python = checkPython(app);
    if (python.length > 0) return python;
    const closed = checkAccess(app, user);
    if (closed.length > 0) return closed;
    return [...checkModules(app, user), ...checkWorkerClass(app)];
  } catch {
    // This process may not look there.
    return [];
  }
}

/** After an upgrade of the distribution the link bin/python leads nowhere. A copied virtualenv has the Python of another place. */
function checkPython(app: App): readonly Problem[] {
  const python = `${app.root}/bin/python`;
  const link = lstatSync(python, { throwIfNoEntry: false });
  if (link === undefined || statSync(python, { throwIfNoEntry: false }) !== undefined) return [];
  // Not --clear: that would remove all that is below root, the project and its data among it.
  const root = quoteWord(app.root);
  const requirements = `${app.project}/requirements.txt`;
  const what = existsSync(requirements) ? `-r ${quoteWord(requirements)}` : 'django gunicorn ...';
  const again = `as ${native.user(link.uid)?.name ?? app.user}: rm ${root}/bin/python*; python3 -m venv ${root}; ${root}/bin/pip install ${what}`;
  const target = link.isSymbolicLink() ? lastLink(python) : python;
  return [
    finding(
      'error',
      app,
      'root',
      `the virtualenv's Python is gone: "${python}" leads to "${target}", which does not exist`,
      again,
    ),
  ];
}

function lastLink(path: string): string {
  let at = path;
  for (let links = 0; links < 40; links++) {
    if (!lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) break;
    const target = readlinkSync(at);
    at = target.startsWith('/') ? target : `${dirname(at)}/${target}`;
  }
  return at;
}

/** Whether the app's user can reach its root and its project. */
function checkAccess(app: App, user: User): readonly Problem[] {
  if (!canAskFor(user)) return [];
  for (const [key, path] of [
    ['root', app.root],
    ['project', app.project],
  ] as const) {
    const access = accessTo(path, user);
    if (typeof access === 'string') continue;
    const what = access.isOnTheWay ? 'enter' : 'read';
    const mode = describeMode(access.stats, access.stats.isDirectory());
    const message = `its user "${app.user}" may not ${what} "${access.path}" (${mode})`;
    // What is in a project that was given to root is closed as well.
    const own = `chown -R ${quoteWord(app.user)} ${quoteWord(access.path)}`;
    const isOwn = key === 'project' && !access.isOnTheWay && access.stats.uid !== user.uid;
    const hint = isOwn ? own : opening(access);
    // As after a chown -R to root of all of the app. A root may as well be root's, and open.
    const isGiven = key === 'root' && !access.isOnTheWay && access.stats.uid !== user.uid;
    return [finding('error', app, key, message, isGiven ? `${hint}; if it was the user's: ${own}` : hint)];
  }
  return [];
}

function checkModules(app: App, user: User): readonly Problem[] {
  const path = pythonPath(app);
  if (path === null) return [];
  const isDjango = tree.kind(`${app.project}/manage.py`) === 'file';
  const wsgi = app.wsgi.split(':')[0] ?? '';
  const asked = [
    ...(app.command === null ? [['wsgi', wsgi] as const] : []),
    ...(isDjango || wsgi.split('.')[0] === app.settings.split('.')[0]
      ? [['settings', app.settings] as const]
      : []),
  ];
  const problems: Problem[] = [];
  for (const [key, name] of asked) {
    const inner = innerProject(app, name);
    if (inner !== null) return [inner];
    const found = find(name, path);
    if (found.kind === 'missing') problems.push(missing(app, key, name, found));
    if (found.kind !== 'there' || !canAskFor(user)) continue;
    const access = accessTo(found.file, user);
    if (typeof access === 'string') continue;
    const mode = describeMode(access.stats, access.stats.isDirectory());
    const message = `its user "${app.user}" may not read "${access.path}" (${mode})`;
    problems.push(
      finding('error', app, key, message, `chown ${quoteWord(app.user)} ${quoteWord(access.path)}`),
    );
  }
  return problems;
}

/** A problem where the package with the settings is named, not the directory above it, which has manage.py. */
function innerProject(app: App, name: string): Problem | null {
  const top = name.split('.')[0] ?? '';
  const outer = dirname(app.project);
  const isInner =
    basename(app.project) === top &&
    tree.kind(`${outer}/manage.py`) === 'file' &&
    tree.kind(`${app.project}/manage.py`) === 'none' &&
    tree.kind(`${app.project}/${top}`) === 'none';
  if (!isInner) return null;
  const message = `project "${app.project}" is the package "${top}" itself: manage.py is one directory above`;
  return finding('error', app, 'project', message, `project = "${outer}"`);
}

function missing(app: App, key: string, name: string, found: Found & { kind: 'missing' }): Problem {
  const near = nearest(name, neighbours(name, found, tree));
  const ends = near ?? (key === 'settings' ? settingsBelow(app.project) : null);
  const hint = ends !== null ? `${key} = "${ends}"` : `ls ${quoteWord(found.directory)}`;
  return finding(
    'error',
    app,
    key,
    `cannot find module "${name}": no "${found.part}" in "${found.directory}"`,
    hint,
  );
}

/** The settings module of a project that has one package with settings, or null. */
function settingsBelow(project: string): string | null {
  const packages = tree.list(project).filter(name => tree.kind(`${project}/${name}/settings.py`) === 'file');
  return packages.length === 1 ? `${packages[0]}.settings` : null;
}

function checkWorkerClass(app: App): readonly Problem[] {
  const { workerClass } = app;
  const path = pythonPath(app);
  if (workerClass === null || app.command !== null || path === null) return [];
  const known = workerPackages[workerClass];
  const name = known === undefined ? workerClass.split('.').slice(0, -1).join('.') : known;
  // Only Python can look up "egg:package#name".
  if (name === null || workerClass.startsWith('egg:')) return [];
  if (name === '') {
    const near = nearest(workerClass, Object.keys(workerPackages));
    const hint = `worker_class = "${near ?? 'sync'}"`;
    return [finding('error', app, 'worker_class', `there is no worker class "${workerClass}"`, hint)];
  }
  if (find(name, path).kind !== 'missing') return [];
  const top = name.split('.')[0] ?? '';
  const message = `worker class "${workerClass}" needs the package "${top}", which is not installed`;
  const hint = `sudo -u ${quoteWord(app.user)} ${quoteWord(`${app.root}/bin/pip`)} install ${top.replaceAll('_', '-')}`;
  return [finding('error', app, 'worker_class', message, hint)];
}

interface PythonPath {
  readonly directories: readonly string[];
  /** Whether Python looks nowhere else. */
  readonly isWhole: boolean;
}

/** Where the app's Python looks for modules; null: this cannot be told from here. */
function pythonPath(app: App): PythonPath | null {
  const words = [...app.gunicornArgs, ...(app.env['GUNICORN_CMD_ARGS'] ?? '').split(/\s+/)];
  if (words.some(word => /^--(chdir|pythonpath|paste)\b/.test(word) || /^(-c|--config)/.test(word)))
    return null;
  const { packages, isWhole } = packagesOf(app.root);
  const given = (app.env['PYTHONPATH'] ?? '').split(':').filter(directory => directory.startsWith('/'));
  const asked = [app.project, ...given, ...packages].filter(
    directory => tree.kind(directory) === 'directory',
  );
  return { directories: asked.map(directory => realpathSync(directory)), isWhole };
}

/** The directories of a virtualenv's packages, and of the machine's where it sees them. */
function packagesOf(root: string): { readonly packages: readonly string[]; readonly isWhole: boolean } {
  const below = (directory: string, name: string) =>
    tree
      .list(directory)
      .filter(library => /^python3/.test(library))
      .map(library => `${directory}/${library}/${name}`);
  const own = below(`${root}/lib`, 'site-packages');
  if (own.length === 0 || tree.kind(`${root}/pyvenv.cfg`) !== 'file')
    return { packages: own, isWhole: false };
  if (!/^include-system-site-packages\s*=\s*true/m.test(readFileSync(`${root}/pyvenv.cfg`, 'utf8')))
    return { packages: own, isWhole: true };
  const machine = [...below('/usr/local/lib', 'dist-packages'), '/usr/lib/python3/dist-packages'];
  return { packages: [...own, ...machine], isWhole: tree.kind(machine.at(-1) ?? '') === 'directory' };
}

/** Looks for a module. One that is not found is 'unknown' where Python may look elsewhere. */
function find(name: string, { directories, isWhole }: PythonPath): Found {
  const found = findModule(name, directories, tree);
  const isFirst =
    found.kind === 'missing' && found.directory === directories[0] && found.part === name.split('.')[0];
  return isFirst && !isWhole ? { kind: 'unknown' } : found;
}
