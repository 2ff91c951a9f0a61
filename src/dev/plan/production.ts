// From hostd.toml, the file for production, to what runs on a laptop: the same commands, settings, environment, host names and files, as
// the calling user. What has no effect here is left out, and noted.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { load } from '../../config/load.ts';
import { HostdError, messageOf } from '../../errors.ts';
import { keepsConnections } from '../../model/app.ts';
import type { App, Host, Program } from '../../model/host.ts';
import { formatProblem } from '../../model/problem.ts';
import type { Command } from './command.ts';
import { findFolders, readDjango } from './django.ts';
import type { FolderPlan } from './folder.ts';
import { type AppPlan, type PlanContext, plainSite, type ServerKind } from './plan.ts';
import { gunicornCommand, pythonEnvironment, serveDjango, wrapped } from './python-app.ts';
import { siteName } from './site-name.ts';
import { checkPython, findPython, type Python } from './virtualenv.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export async function planProduction(file: string, context: PlanContext): Promise<FolderPlan> {
  const { host: loaded, problems } = load(file, { machine: null });
  // What is served elsewhere in production runs here like all else, if the file says how.
  const host = { ...loaded, programs: [...loaded.programs, ...loaded.resting] };
  const errors = problems
    .filter(problem => problem.severity === 'error')
    .map(
      ({ hint, ...problem }) =>
        new HostdError('config', formatProblem(problem), hint === undefined ? {} : { hint }),
    );
  const apps: AppPlan[] = [];
  for (const app of host.apps.filter(({ name }) => host.programs.some(program => program.app === name))) {
    try {
      apps.push(await planApp(app, host, file, context));
    } catch (error) {
      errors.push(error instanceof HostdError ? error : new HostdError('failed', messageOf(error)));
    }
  }
  apps.push(...planPrograms(host, context));
  if (apps.length === 0 && errors.length === 0)
    errors.push(new HostdError('config', `cannot find an app in "${file}"`, { hint: '[app.hello]' }));
  return { apps, errors };
}

/** A directory of production that is not on this machine, and the one that takes its place. */
interface Moved {
  readonly project: string;
  readonly python: Python;
  readonly notes: readonly string[];
}

async function planApp(app: App, host: Host, file: string, context: PlanContext): Promise<AppPlan> {
  const notes = [`user "${app.user}" is ignored: it runs as you`];
  const moved = await findHere(app, file, context.env);
  notes.push(...moved.notes);
  const env: Environment = {
    ...pythonEnvironment(context.env, moved.python),
    PYTHONPATH: [moved.project, context.env['PYTHONPATH']].filter(Boolean).join(':'),
    DJANGO_SETTINGS_MODULE: app.settings,
    ...app.env,
  };
  const { web, held, keepalive, finders } = await webOf(app, moved, env, context, notes);
  const [name] = [siteName(app.name)];
  return {
    name,
    what: `${app.command === null ? `Django, ${context.server ?? 'gunicorn'}` : 'its own command'}, as in ${file}`,
    directory: moved.project,
    web: { ...web.command, name },
    others: host.programs
      .filter(program => program.app === app.name && program.name !== app.name && program.schedule === null)
      .map(program => besides(program, app, moved, env)),
    site: {
      ...plainSite(web.address, held, keepalive),
      serverNames: app.serverNames,
      locations: [
        ...(finders || app.static === null ? [] : [{ prefix: '/static/', alias: app.static, expires: null }]),
        ...(app.media === null ? [] : [{ prefix: '/media/', alias: app.media, expires: null }]),
      ].filter(({ alias }) => existsSync(alias)),
      clientMaxBodySize: app.clientMaxBodySize,
    },
    lazy: context.lazy,
    notes,
  };
}

async function webOf(app: App, moved: Moved, env: Environment, context: PlanContext, notes: string[]) {
  const { name } = app;
  const socket = join(context.runtime, `${siteName(name)}.sock`);
  if (app.command !== null) {
    const command: Command = { name, argv: app.command, directory: moved.project, env };
    return {
      web: { command, address: socket },
      held: true,
      keepalive: keepsConnections(app),
      finders: false,
    };
  }
  const project = { directory: moved.project, settings: app.settings, wsgi: app.wsgi, asgi: app.wsgi };
  const kind: ServerKind = context.server ?? 'gunicorn';
  await checkPython(moved.python, ['django', ...(kind === 'runserver' ? [] : [kind])], context.env);
  if (kind !== 'gunicorn') {
    const { web, site } = await serveDjango(name, project, moved.python, kind, env, context);
    const { address, held, keepalive } = site;
    return { web: { command: web, address }, held, keepalive, finders: true };
  }
  if (app.workers > 1) notes.push(`workers = ${app.workers} is ignored: one is enough here`);
  const { options, keepalive } = gunicornHere(app);
  const command: Command = {
    name,
    argv: gunicornCommand(moved.python, options),
    directory: moved.project,
    env: { ...env, ...wrapped(app.wsgi, isAsgi(app), project, env, context) },
  };
  return { web: { command, address: socket }, held: true, keepalive, finders: true };
}

/** The app's gunicorn on a laptop, with threads in place of workers. `keepalive`: whether it then keeps connections open. */
export function gunicornHere(app: Pick<App, 'processName' | 'threads' | 'workerClass' | 'gunicornArgs'>): {
  options: string[];
  keepalive: boolean;
} {
  const { workerClass } = app;
  const threads = app.threads ?? (isAsgi(app) ? null : 4);
  const options = [
    '--name',
    app.processName,
    ...(threads === null ? [] : ['--threads', `${threads}`]),
    ...(workerClass === null ? [] : ['--worker-class', workerClass]),
    ...app.gunicornArgs,
  ];
  return { options, keepalive: keepsConnections({ workerClass, threads }) };
}

function isAsgi({ workerClass }: Pick<App, 'workerClass'>): boolean {
  return /uvicorn|asgi/i.test(workerClass ?? '');
}

/** The directories in the file, if they are on this machine; else the folder that the file is in. */
async function findHere(app: App, file: string, env: Environment): Promise<Moved> {
  const top = dirname(file);
  const notes: string[] = [];
  let { project } = app;
  if (!existsSync(project)) {
    const found = findFolders(top, 'manage.py').map(readDjango);
    const fitting =
      found.find(({ settings }) => settings?.split('.')[0] === app.settings.split('.')[0]) ?? found[0];
    if (fitting === undefined)
      throw new HostdError(
        'failed',
        `cannot find app "${app.name}": neither "${project}" nor a manage.py below "${top}" is here`,
        {
          hint: `put ${file} beside manage.py, or name the folder: project = "..."`,
        },
      );
    notes.push(`project "${project}" is not on this machine: "${fitting.directory}" stands for it`);
    project = fitting.directory;
  }
  const own = join(app.root, 'bin/python');
  if (existsSync(own)) return { project, notes, python: { root: app.root, python: own, by: 'root' } };
  const python = await findPython(project, top, env);
  notes.push(
    `root "${app.root}" is no virtualenv on this machine: ${python.root ?? python.python} stands for it`,
  );
  return { project, notes, python };
}

/** One of the app's other programs: its own variables win over the app's, and the virtualenv is the local one. */
function besides(program: Program, app: App, { project, python }: Moved, env: Environment): Command {
  const own = Object.entries(program.environment).filter(
    ([key]) => !['PATH', 'VIRTUAL_ENV', 'PYTHONPATH', 'LANG'].includes(key),
  );
  const here = (path: string) =>
    path.startsWith(`${app.root}/bin/`) && python.root !== null
      ? `${python.root}/bin/${path.slice(`${app.root}/bin/`.length)}`
      : path;
  const directory = program.directory !== null && existsSync(program.directory) ? program.directory : project;
  return {
    name: program.name,
    argv: program.command.map(here),
    directory,
    env: { ...env, ...Object.fromEntries(own) },
  };
}

/** [program.NAME]: the commands of no app. */
function planPrograms(host: Host, { env }: PlanContext): AppPlan[] {
  return host.programs
    .filter(program => program.app === null && program.schedule === null)
    .map(program => ({
      name: program.name,
      what: 'program',
      directory: program.directory,
      web: null,
      others: [
        {
          name: program.name,
          argv: program.command,
          directory: program.directory ?? '/',
          env: { ...env, ...program.environment },
        },
      ],
      site: null,
      lazy: false,
      notes: program.user === null ? [] : [`user "${program.user}" is ignored: it runs as you`],
    }));
}
