// The steps that Django does: a new project with settings that work, SECRET_KEY, migrations, static files. All of them run as the
// app's user.

import { addedSettings, settingsMark } from './django-settings.ts';
import { projectMode, projectTop, secretFile } from './layout.ts';
import { removeTree } from './remove-tree.ts';
import { type Command, failed, must } from './run.ts';
import { asApp, made, type Outcome, type Site, there } from './site.ts';

const unfinished = '.hostctl-create';

/** 48 random bytes. The file is there as a whole or not at all, and only for the app's user. */
export async function makeSecret(site: Site): Promise<Outcome> {
  const { order, run } = site;
  const file = secretFile(order);
  if ((await run(asApp(site, ['test', '-s', file]))).code === 0) return there;
  site.onUndoBelow({
    what: `remove ${file}`,
    action: () => void removeTree(order.root, ['data', 'secret_key']),
  });
  const code = `
import os, secrets, sys
file = sys.argv[1]
with open(file + ".new", "w") as out:
    out.write(secrets.token_urlsafe(48) + "\\n")
os.rename(file + ".new", file)
`;
  const command = asApp(site, [`${order.root}/bin/python`, '-c', code, file], { umask: '077' });
  await must(run, `write ${file}`, command);
  return made(`made, in ${file}`);
}

/** The key, for the environment of an existing project's code. */
export async function readSecret(site: Site): Promise<string> {
  const text = await must(
    site.run,
    'read SECRET_KEY',
    asApp(site, ['head', '-c', '200', secretFile(site.order)]),
  );
  // The text comes from a file of the app's. It must not bring anything else into a file of root's.
  return /^[A-Za-z0-9_-]{20,}/.exec(text)?.[0] ?? '';
}

/** Makes project and settings aside, then moves them to their place, so that a killed run leaves no half of a project. */
export async function makeProject(site: Site): Promise<Outcome> {
  const { order, run } = site;
  const { root, project, code } = order;
  if (code.kind !== 'django') return there;
  if ((await run(asApp(site, ['test', '-f', `${project}/manage.py`]))).code === 0)
    return keep(site, code.module);
  const aside = `${root}/${unfinished}`;
  removeTree(root, [unfinished]);
  site.onUndoBelow({ what: `remove ${aside}`, action: () => void removeTree(root, [unfinished]) });
  await must(run, `make ${aside}`, asApp(site, ['mkdir', '-m', projectMode.toString(8), aside]));
  const start = ['-m', 'django', 'startproject', code.module, aside];
  await must(
    run,
    'start a project',
    asApp(site, [`${root}/bin/python`, ...start]),
    '--from DIR, with code of your own',
  );
  const settings = `${aside}/${code.module}/settings.py`;
  await must(run, `write ${settings}`, asApp(site, ['tee', '-a', settings], { input: addedSettings(order) }));
  // Django's own key is not used any more, and must not look as if it were.
  const noKey = [
    'sed',
    '-i',
    '-E',
    's/^SECRET_KEY = .django-insecure-.*$/SECRET_KEY = None  # below/',
    settings,
  ];
  await must(run, `edit ${settings}`, asApp(site, noKey));
  const top = projectTop(order);
  site.onUndoBelow({ what: `remove ${root}/${top}`, action: () => void removeTree(root, [top]) });
  await must(
    run,
    `make ${project}`,
    asApp(site, ['mkdir', '-p', project.slice(0, project.lastIndexOf('/'))]),
  );
  await must(run, `move the project to ${project}`, asApp(site, ['mv', '-T', aside, project]));
  return made(`made by startproject`);
}

/** An existing project belongs to its owner: its settings are only looked at. */
async function keep(site: Site, module: string): Promise<Outcome> {
  const settings = `${site.order.project}/${module}/settings.py`;
  const ran = await site.run(asApp(site, ['grep', '-qF', settingsMark, settings]));
  if (ran.code !== 0)
    site.note(`${settings} is left as it is: ALLOWED_HOSTS, STATIC_ROOT and DATABASES are yours to set`);
  return there;
}

/** `manage.py ...` with the environment that the app runs with. */
export function manage(site: Site, ...words: readonly string[]): Command {
  const { root } = site.order;
  const { project, settings } = site.found;
  return asApp(site, [`${root}/bin/python`, `${project}/manage.py`, ...words], {
    directory: project,
    env: { VIRTUAL_ENV: root, PYTHONPATH: project, DJANGO_SETTINGS_MODULE: settings, ...site.env },
  });
}

export async function migrate(site: Site): Promise<Outcome> {
  if ((await site.run(manage(site, 'migrate', '--check'))).code === 0)
    return site.database === '' ? there : { ...there, said: `there already, in ${site.database}` };
  const text = await must(site.run, 'migrate', manage(site, 'migrate', '--noinput'));
  const applied = text.match(/ OK$/gm)?.length ?? 0;
  return made(`applied (${applied})${site.database === '' ? '' : `, to ${site.database}`}`);
}

export async function collectStatic(site: Site): Promise<Outcome> {
  const command = manage(site, 'collectstatic', '--noinput');
  const ran = await site.run(command);
  if (ran.code === 0) {
    const line = ran.stdout.trim().split('\n').at(-1) ?? '';
    const copied = /^(\d+) static files? (copied|symlinked)/.exec(line)?.[1];
    const isElsewhere =
      copied !== '0' && line.includes(" to '") && !line.includes(`'${site.order.root}/static'`);
    if (isElsewhere)
      site.note(
        `static files went elsewhere: ${line}\n  try: STATIC_ROOT from the environment, or static = "..."`,
      );
    return copied === '0' || copied === undefined ? there : made(`collected (${copied})`);
  }
  if (site.order.code.kind === 'django') throw failed('collect static files', command, ran);
  const why = /Unknown command/.test(ran.stderr)
    ? 'django.contrib.staticfiles is not among INSTALLED_APPS'
    : /STATIC_ROOT/.test(ran.stderr)
      ? 'settings have no STATIC_ROOT'
      : null;
  if (why === null) throw failed('collect static files', command, ran);
  return { made: false, said: `not collected: ${why}` };
}
