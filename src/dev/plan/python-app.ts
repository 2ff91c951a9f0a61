// The commands that serve a Django project in development, and the environment of all its commands. Starts nothing.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostdError } from '../../errors.ts';
import type { Command } from './command.ts';
import type { DjangoProject } from './django.ts';
import { type PlanContext, plainSite, type ServerKind, type SitePlan } from './plan.ts';
import type { Python } from './virtualenv.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of an activated virtualenv, with unbuffered output. */
export function pythonEnvironment(env: Environment, { root }: Python): Record<string, string | undefined> {
  const path = env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  return {
    ...env,
    PYTHONUNBUFFERED: '1',
    PYTHONHOME: undefined,
    ...(root === null ? {} : { VIRTUAL_ENV: root, PATH: `${root}/bin:${path}` }),
  };
}

/** Serves static files as runserver does, through Django's finders, in front of the project's own application. */
const wrapper = `# Written by hostd dev: the project's application, with Django's staticfiles in front of it, as runserver has it.
import importlib
import os

module, _, name = os.environ["HOSTD_DEV_APPLICATION"].partition(":")
application = getattr(importlib.import_module(module), name or "application")

from django.conf import settings

if "django.contrib.staticfiles" in settings.INSTALLED_APPS and settings.STATIC_URL:
    from django.contrib.staticfiles import handlers

    kind = "ASGIStaticFilesHandler" if os.environ.get("HOSTD_DEV_ASGI") else "StaticFilesHandler"
    application = getattr(handlers, kind)(application)
`;

/** Writes the module that serveApplication's commands name. */
export function writeWrapper(runtime: string): void {
  writeFileSync(join(runtime, 'hostd_dev.py'), wrapper);
}

export interface Served {
  readonly web: Command;
  readonly site: SitePlan;
}

/** @throws HostdError when the project has no module for this kind of server. */
export async function serveDjango(
  name: string,
  project: DjangoProject,
  python: Python,
  kind: ServerKind,
  env: Environment,
  context: PlanContext,
): Promise<Served> {
  if (kind === 'runserver') {
    const port = await context.freePort();
    const argv = [python.python, 'manage.py', 'runserver', `127.0.0.1:${port}`];
    return {
      web: { name, argv, directory: project.directory, env },
      site: plainSite({ host: '127.0.0.1', port }, false, false),
    };
  }
  const module = kind === 'uvicorn' ? project.asgi : project.wsgi;
  if (module === null)
    throw new HostdError(
      'failed',
      `cannot serve "${name}" with ${kind}: there is no ${kind === 'uvicorn' ? 'asgi' : 'wsgi'}.py beside its settings`,
      {
        hint: 'hostd dev --server runserver',
      },
    );
  const argv =
    kind === 'uvicorn'
      ? uvicornCommand(python, project.directory)
      : gunicornCommand(python, ['--threads', '4']);
  return {
    web: {
      name,
      argv,
      directory: project.directory,
      env: { ...env, ...wrapped(module, kind === 'uvicorn', project, env, context) },
    },
    site: plainSite(join(context.runtime, `${name}.sock`), true, true),
  };
}

/** The environment with which hostd_dev.py finds the application. */
export function wrapped(
  module: string,
  isAsgi: boolean,
  project: Pick<DjangoProject, 'directory' | 'settings'>,
  env: Environment,
  { runtime }: Pick<PlanContext, 'runtime'>,
): Record<string, string> {
  const path = [runtime, project.directory, env['PYTHONPATH']].filter(Boolean).join(':');
  return {
    PYTHONPATH: path,
    HOSTD_DEV_APPLICATION: module,
    ...(isAsgi ? { HOSTD_DEV_ASGI: '1' } : {}),
    ...(env['DJANGO_SETTINGS_MODULE'] === undefined && project.settings !== null
      ? { DJANGO_SETTINGS_MODULE: project.settings }
      : {}),
  };
}

/** gunicorn on the socket that it is given. It reloads the code when that changes. */
export function gunicornCommand({ python }: Python, options: readonly string[]): readonly string[] {
  return [python, '-m', 'gunicorn', 'hostd_dev:application', '--reload', '--access-logfile', '-', ...options];
}

function uvicornCommand({ python }: Python, directory: string): readonly string[] {
  return [
    python,
    '-m',
    'uvicorn',
    'hostd_dev:application',
    '--fd',
    '3',
    '--reload',
    '--reload-dir',
    directory,
  ];
}
