// From one project folder to its apps: Django projects, node front ends, a Procfile. A mistake in one of them does not affect
// the others.

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { HostdError, messageOf } from '../../errors.ts';
import { parseDotEnv } from '../../words/dotenv.ts';
import { quoteWord } from '../../words/shlex.ts';
import type { Command } from './command.ts';
import { findFolders, readDjango } from './django.ts';
import { type FrontEnd, frontEndCommand, isServer, readFrontEnd } from './front-end.ts';
import { type AppPlan, type PlanContext, plainSite } from './plan.ts';
import { type ProcfileLine, parseProcfile } from './procfile.ts';
import { readProjectFile } from './project-file.ts';
import { pythonEnvironment, serveDjango } from './python-app.ts';
import { projectName, siteName } from './site-name.ts';
import { checkPython, findPython } from './virtualenv.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface FolderPlan {
  readonly apps: readonly AppPlan[];
  readonly errors: readonly HostdError[];
}

/** The apps in `directory`. `given`: the name that the user has given it. */
export async function planFolder(
  directory: string,
  given: string | null,
  context: PlanContext,
): Promise<FolderPlan> {
  const errors: HostdError[] = [];
  const env = readDotEnv(directory, context.env, errors);
  const projects = findFolders(directory, 'manage.py');
  const nameOf = (folder: string) =>
    projects.length > 1 && folder !== directory ? projectName(folder) : (given ?? projectName(directory));
  const collect = collector(errors);
  const django = await Promise.all(
    projects.map(folder => collect(() => planDjango(nameOf(folder), folder, directory, env, context))),
  );
  const apps = django.filter(app => app !== null);
  for (const folder of findFolders(directory, 'package.json')) {
    const frontEnd = await collect(async () => readFrontEnd(folder));
    if (frontEnd === null) continue;
    const owner =
      apps.find(app => app.directory !== null && `${folder}/`.startsWith(`${app.directory}/`)) ??
      (apps.length === 1 ? apps[0] : undefined);
    const planned = await collect(() =>
      planFrontEnd(frontEnd, owner ?? null, given ?? projectName(directory), env, context),
    );
    if (planned === null) continue;
    if ('argv' in planned && owner !== undefined)
      apps[apps.indexOf(owner)] = { ...owner, others: [...owner.others, planned] };
    else if (!('argv' in planned)) apps.push(planned);
  }
  const lines = readProcfile(directory, errors);
  if (lines.length > 0) await addProcfile(apps, lines, directory, given, env, context);
  if (apps.length === 0 && errors.length === 0) errors.push(nothingIn(directory));
  return { apps, errors };
}

function nothingIn(directory: string): HostdError {
  return new HostdError(
    'failed',
    `cannot find anything to run in "${directory}": no manage.py, no package.json with a "dev" script, no Procfile, no hostd.toml`,
    { hint: 'hostd dev DIR, where manage.py is' },
  );
}

function collector(errors: HostdError[]) {
  return async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      errors.push(error instanceof HostdError ? error : new HostdError('failed', messageOf(error)));
      return null;
    }
  };
}

async function planDjango(
  name: string,
  folder: string,
  top: string,
  given: Environment,
  context: PlanContext,
): Promise<AppPlan> {
  const project = readDjango(folder);
  const python = await findPython(folder, top, given);
  const kind = context.server ?? 'runserver';
  await checkPython(python, kind === 'runserver' ? ['django'] : ['django', kind], given);
  const env = pythonEnvironment(given, python);
  const { web, site } = await serveDjango(name, project, python, kind, env, context);
  const what = `Django, ${kind}, Python of ${python.by}`;
  return { name, what, directory: folder, web, others: [], site, lazy: context.lazy, notes: [] };
}

/** A front end as a site of its own; or, if its script serves nothing and it is beside a Django project, as a command of that. */
async function planFrontEnd(
  frontEnd: FrontEnd,
  owner: AppPlan | null,
  project: string,
  env: Environment,
  context: PlanContext,
): Promise<AppPlan | Command> {
  const { directory, manager } = frontEnd;
  if (
    !existsSync(join(directory, 'node_modules')) &&
    existsSync(join(directory, 'package.json')) &&
    frontEnd.hasDependencies
  )
    throw new HostdError('failed', `cannot run the front end in "${directory}": it has no node_modules`, {
      hint: `cd ${quoteWord(directory)} && ${manager} install`,
    });
  const port = await context.freePort();
  const isSame = basename(directory) === basename(owner?.directory ?? '');
  const own = isSame ? 'dev' : siteName(basename(directory));
  const name = owner === null ? project : siteName(`${owner.name}-${own}`);
  const argv = frontEndCommand(frontEnd, port);
  const command = { argv, directory, env: { ...env, PORT: String(port), BROWSER: 'none' } };
  if (owner !== null && !isServer(frontEnd)) return { ...command, name: `${owner.name}:${own}` };
  return {
    name,
    what: `${manager} run dev`,
    directory,
    web: { ...command, name },
    others: [],
    // A server without a host listens on "localhost", which may be either address.
    site: plainSite(
      { host: frontEnd.portArguments.includes('127.0.0.1') ? '127.0.0.1' : 'localhost', port },
      false,
      true,
    ),
    lazy: context.lazy,
    notes: [],
  };
}

/** Procfile.dev, or else Procfile. */
function readProcfile(directory: string, errors: HostdError[]): readonly ProcfileLine[] {
  const file = ['Procfile.dev', 'Procfile'].map(name => join(directory, name)).find(path => existsSync(path));
  if (file === undefined) return [];
  try {
    const { lines, mistakes } = parseProcfile(readProjectFile(file));
    for (const mistake of mistakes)
      errors.push(new HostdError('failed', `${file}:${mistake}`, { hint: 'worker: celery -A hello worker' }));
    return lines;
  } catch (error) {
    errors.push(error instanceof HostdError ? error : new HostdError('failed', messageOf(error)));
    return [];
  }
}

/** The `web` line is used only where nothing else serves: it starts production's server. */
async function addProcfile(
  apps: AppPlan[],
  lines: readonly ProcfileLine[],
  directory: string,
  given: string | null,
  env: Environment,
  context: PlanContext,
): Promise<void> {
  const [first] = apps;
  const name = first?.name ?? given ?? projectName(directory);
  const around = first?.web?.env ?? env;
  const shell = (line: ProcfileLine, port: number): Command => ({
    name: line.name === 'web' ? name : `${name}:${line.name}`,
    argv: ['/bin/sh', '-c', line.command],
    directory,
    env: { ...around, PORT: String(port) },
  });
  const besides = lines.filter(line => line.name !== 'web');
  const others = await Promise.all(besides.map(async line => shell(line, await context.freePort())));
  const web = lines.find(line => line.name === 'web');
  if (first !== undefined) {
    const note = `the Procfile's "web" is not run, since ${first.what.split(',')[0]} is served in another way`;
    apps[0] = {
      ...first,
      others: [...first.others, ...others],
      notes: [...first.notes, ...(web === undefined ? [] : [note])],
    };
    return;
  }
  const port = web === undefined ? 0 : await context.freePort();
  apps.push({
    name,
    what: 'Procfile',
    directory,
    web: web === undefined ? null : shell(web, port),
    others,
    site: web === undefined ? null : plainSite({ host: 'localhost', port }, false, true),
    lazy: context.lazy && web !== undefined,
    notes: [],
  });
}

/** Variables of the shell win over .env, as with load_dotenv, foreman and honcho. */
function readDotEnv(directory: string, env: Environment, errors: HostdError[]): Environment {
  const file = join(directory, '.env');
  if (!existsSync(file)) return env;
  try {
    const { values, mistakes } = parseDotEnv(readProjectFile(file), env);
    for (const line of mistakes)
      errors.push(
        new HostdError('failed', `${file}:${line}: cannot read this as NAME=value, as python-dotenv has it`, {
          hint: 'NAME="value", with every quote closed',
        }),
      );
    return { ...values, ...env };
  } catch (error) {
    errors.push(error instanceof HostdError ? error : new HostdError('failed', messageOf(error)));
    return env;
  }
}
