// The step "code": the app's user clones or copies an existing project, and looks at what is in it.

import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HostdError, messageOf } from '../errors.ts';
import { projectMode, projectTop } from './layout.ts';
import { isModulePath } from './names.ts';
import { removeTree } from './remove-tree.ts';
import { must } from './run.ts';
import { asApp, type Found, made, type Outcome, type Site, there } from './site.ts';

/** Where code waits until it is whole, so that a killed run leaves no half of a project. */
const unfinished = '.hostctl-create';

export async function fetchCode(site: Site): Promise<Outcome> {
  const { order, run } = site;
  const target = `${order.root}/${projectTop(order)}`;
  if ((await run(asApp(site, ['test', '-d', target]))).code === 0) {
    site.found = await lookAt(site, target);
    return there;
  }
  const aside = `${order.root}/${unfinished}`;
  removeTree(order.root, [unfinished]);
  site.onUndoBelow({ what: `remove ${aside}`, action: () => void removeTree(order.root, [unfinished]) });
  await must(run, `make ${aside}`, asApp(site, ['mkdir', '-m', projectMode.toString(8), aside]));
  const said = await fetchInto(site, aside);
  site.onUndoBelow({
    what: `remove ${target}`,
    action: () => void removeTree(order.root, [projectTop(order)]),
  });
  await must(run, `move the code to ${target}`, asApp(site, ['mv', '-T', aside, target]));
  site.found = await lookAt(site, target);
  return made(said);
}

function fetchInto(site: Site, aside: string): Promise<string> {
  const { code } = site.order;
  if (code.kind === 'git' && code.url.startsWith('file://'))
    return cloneCopy(site, decodeURI(code.url.slice('file://'.length)), aside);
  if (code.kind === 'git') return clone(site, code.url, aside);
  const path = code.kind === 'directory' ? code.path : '';
  return isBareRepository(path) ? cloneCopy(site, resolve(path), aside) : copy(site, path, aside);
}

/** A git repository without a work tree, such as /srv/git/hello.git. */
export function isBareRepository(path: string): boolean {
  return ['HEAD', 'objects', 'refs'].every(name => existsSync(join(path, name)));
}

/** Clones a repository of this machine from a copy that the app's user owns: he may not read the original, and git would not trust it. */
async function cloneCopy(site: Site, path: string, target: string): Promise<string> {
  const { root } = site.order;
  const repository = `${root}/${unfinished}.git`;
  removeTree(root, [`${unfinished}.git`]);
  site.onUndoBelow({
    what: `remove ${repository}`,
    action: () => void removeTree(root, [`${unfinished}.git`]),
  });
  await must(
    site.run,
    `make ${repository}`,
    asApp(site, ['mkdir', '-m', projectMode.toString(8), repository]),
  );
  await copy(site, path, repository);
  const env = { GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'file' };
  const command = asApp(site, ['git', 'clone', '--quiet', '--no-hardlinks', '--', repository, target], {
    env,
  });
  await must(
    site.run,
    `clone ${path}`,
    command,
    '--from DIR, with a git repository or a Django project in it',
  );
  const origin = ['git', '-C', target, 'remote', 'set-url', 'origin', path];
  await must(site.run, `name ${path} as origin`, asApp(site, origin));
  removeTree(root, [`${unfinished}.git`]);
  return `cloned from ${path}`;
}

async function clone(site: Site, url: string, target: string): Promise<string> {
  const command = asApp(site, ['git', 'clone', '--quiet', '--', url, target], {
    // There is no terminal to ask for a password.
    env: { ...site.network, GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'https:http:git:ssh:file' },
  });
  const hint = `git clone ${shownUrl(url)} DIR, as somebody who may, then: --from DIR`;
  await must(site.run, `clone ${shownUrl(url)}`, command, hint);
  return `cloned from ${shownUrl(url)}`;
}

/** The URL without its password, since what is printed is kept in logs. Pure. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^/@:]*):[^/@]*@/, '$1:***@');
}

/** The caller reads and the app's user writes, since each may lack the other's rights. Links stay links. */
async function copy(site: Site, path: string, target: string): Promise<string> {
  checkDirectory(path);
  const pack = ['-C', path, '--one-file-system', '--exclude=__pycache__', '--exclude=*.pyc', '-cf', '-', '.'];
  const tar = spawn('/usr/bin/tar', pack, {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { LANG: 'C.UTF-8' },
  });
  let stderr = '';
  tar.stderr.on('data', chunk => {
    stderr += chunk;
  });
  const packed = new Promise<number>(resolve => {
    tar.on('close', code => resolve(code ?? -1));
    tar.on('error', () => resolve(-1));
  });
  const unpack = ['tar', '-C', target, '--no-same-owner', '--no-same-permissions', '-xf', '-'];
  await must(site.run, `copy ${path}`, asApp(site, unpack, { input: tar.stdout }));
  if ((await packed) !== 0) throw new HostdError('failed', `cannot read all of ${path}: ${stderr.trim()}`);
  await must(site.run, `close ${target}`, asApp(site, ['chmod', projectMode.toString(8), target]));
  return `copied from ${path}`;
}

function checkDirectory(path: string): void {
  const hint = '--from https://example.org/hello.git, or: --from ./hello';
  try {
    if (statSync(path).isDirectory()) return;
  } catch (cause) {
    throw new HostdError('failed', `cannot copy "${path}": ${messageOf(cause)}`, { hint, cause });
  }
  throw new HostdError('failed', `cannot copy "${path}": it is not a directory`, { hint });
}

// Only reads: manage.py is not run. The manage.py nearest to the top counts.
const look = `
import json, os, re, sys
top = sys.argv[1]
found = [d for d, dirs, files in os.walk(top) if os.path.isfile(d + "/manage.py") and d[len(top):].count("/") <= 2]
project = min(found, key=lambda d: (d.count("/"), d), default=None)
settings = wsgi = None
if project:
    text = open(project + "/manage.py", encoding="utf-8", errors="replace").read(100000)
    match = re.search(r"""DJANGO_SETTINGS_MODULE["']\\s*,\\s*["']([\\w.]+)["']""", text)
    settings = match and match.group(1)
    packages = sorted(n for n in os.listdir(project) if os.path.isfile(project + "/" + n + "/wsgi.py"))
    first = (settings or "").split(".")[0]
    packages = [first] if first in packages else packages
    wsgi = packages[0] + ".wsgi" if packages else None
    # manage.py is for a laptop, often; wsgi.py never.
    text = open(project + "/" + packages[0] + "/wsgi.py", encoding="utf-8", errors="replace").read(100000) if packages else ""
    match = re.search(r"""DJANGO_SETTINGS_MODULE["']\\s*[\\],]\\s*=?\\s*["']([\\w.]+)["']""", text)
    settings = match.group(1) if match else settings
print(json.dumps([project, settings, wsgi]))
`;

/** What the look prints comes from the app's user. Only text of the right form is believed. */
async function lookAt(site: Site, target: string): Promise<Found> {
  const { order, run } = site;
  const { existing } = order;
  if (existing !== null) {
    const { project } = order;
    if ((await run(asApp(site, ['test', '-f', `${project}/manage.py`]))).code !== 0)
      throw new HostdError(
        'failed',
        `cannot find manage.py in ${project}, which ${existing.source.file} names`,
        {
          hint: `project = "..." in ${existing.source.file}, where manage.py is`,
        },
      );
    return { project, settings: order.settings, wsgi: order.wsgi };
  }
  const python = `${order.root}/bin/python`;
  const text = await must(run, `look at ${target}`, asApp(site, [python, '-c', look, target]));
  const [project, settings, wsgi] = foundIn(text, target);
  const hint = 'put a Django project with manage.py and wsgi.py there, or write the app by hand: docs';
  if (project === null) throw new HostdError('failed', `cannot find manage.py in ${target}`, { hint });
  if (settings === null)
    throw new HostdError('failed', `cannot find DJANGO_SETTINGS_MODULE in ${project}/manage.py`, { hint });
  if (wsgi === null)
    throw new HostdError('failed', `cannot find a package with wsgi.py in ${project}`, { hint });
  return { project, settings, wsgi };
}

/** Pure. */
export function foundIn(text: string, target: string): [string | null, string | null, string | null] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const [project, settings, wsgi] = Array.isArray(value) ? (value as unknown[]) : [];
  const isPath = (path: unknown): path is string =>
    typeof path === 'string' &&
    (path === target || path.startsWith(`${target}/`)) &&
    /^[A-Za-z0-9._+/-]+$/.test(path) &&
    !path.split('/').includes('..');
  const module = (name: unknown) => (typeof name === 'string' && isModulePath(name) ? name : null);
  return [isPath(project) ? project : null, module(settings), module(wsgi)];
}
