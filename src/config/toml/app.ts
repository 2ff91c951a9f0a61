// From [app.NAME] to an App, its gunicorn program, and the programs beside it.

import { appEnvironment, appProgram, appSupervision, makeApp } from '../../model/app.ts';
import { boundsIn, noBounds } from '../../model/bounds.ts';
import { same } from '../../model/changes.ts';
import type { App, Program, Settings } from '../../model/host.ts';
import { nearest } from '../../words/nearest.ts';
import { isTable } from './decoded.ts';
import { type EnvSurroundings, readEnvFiles } from './env-file.ts';
import { appKeys, appProgramKeys } from './keys.ts';
import { checkName } from './names.ts';
import { type ProgramPlace, programsOf } from './program.ts';
import { refuseHalfSite } from './site.ts';
import { refuseLocalKeys } from './site-keys.ts';
import { absolute, supervisionOf } from './supervision.ts';
import { isToldWrong, readTable, report, type Scope, type Values } from './table.ts';
import { asDirectory, tidyPath } from './values.ts';

/** What readApp needs besides the table. */
export interface AppSurroundings extends EnvSurroundings {
  readonly settings: Settings;
  readonly machineName: string;
}

const usualFailures = 3;

export interface ReadApp {
  readonly app: App;
  readonly programs: readonly Program[];
}

/** null: the table has no root to begin from, which is reported. */
export function readApp(
  scope: Scope,
  name: string,
  table: Readonly<Record<string, unknown>>,
  around: AppSurroundings,
): ReadApp | null {
  const given = readTable(scope, table, appKeys, ['program']);
  const { root } = given;
  if (root === undefined && given.upstreams !== undefined)
    return { app: appElsewhere(scope, name, given, table, around), programs: [] };
  if (!('root' in table) && !isToldWrong(scope, 'upstreams'))
    report(scope, [], 'root is missing', 'root = ...');
  if (root === undefined) return null;
  if (root === '/')
    report(scope, ['root'], 'cannot use root = "/": it is the whole machine', 'root = "/webapps/..."');
  const app = appOf(scope, name, root, given, around);
  refuseOwnArguments(scope, app);
  refuseLongSocket(scope, app.socket);
  refuseHalfSite(scope, app, table);
  const { stdout, stderr: _, ...defaults } = appSupervision(app);
  const supervision = supervisionOf(
    scope,
    given,
    defaults,
    {
      stdout: stdout.path ?? '',
      stderr: `${app.logs}/gunicorn_supervisor-stderr.log`,
      redirect: true,
      base: app.logs,
    },
    (_key, written) => written,
  );
  const directory = absolute(scope, 'directory', given.directory ?? app.project, root);
  const appBounds = boundsIn(supervision);
  const own = { ...supervision, ...noBounds };
  const gunicorn: Program = {
    ...appProgram(app, { ...own, directory, environment: given.environment ?? {} }),
    ...(same(appBounds, noBounds) ? {} : { appBounds }),
  };
  return {
    app,
    programs: [gunicorn, ...readAppPrograms(scope, app, gunicorn, table['program'], around.machineName)],
  };
}

/** An app of which nothing is on this machine but its site: hostd's own directory has the logs. */
function appElsewhere(
  scope: Scope,
  name: string,
  given: Values<typeof appKeys>,
  table: Readonly<Record<string, unknown>>,
  around: AppSurroundings,
): App {
  refuseLocalKeys(scope, table);
  const root = `${around.settings.logDir}/${name}`;
  const { static: files = false, media = false, logs = root } = given;
  const app = appOf(scope, name, root, { ...given, user: 'root', static: files, media, logs }, around);
  refuseHalfSite(scope, app, table);
  return app;
}

function appOf(
  scope: Scope,
  name: string,
  root: string,
  given: Values<typeof appKeys>,
  around: AppSurroundings,
): App {
  const { env = {}, env_file: files = [], user = name } = given;
  const variables = readEnvFiles(scope, files, root, user, env, around);
  const place = (key: 'project' | 'socket' | 'logs') => {
    const path = absolute(scope, key, given[key] ?? null, root);
    return path === null ? {} : { [key]: path };
  };
  const served = (key: 'static' | 'media') => {
    const written = given[key];
    if (written === undefined) return {};
    const path = written === false ? null : absolute(scope, key, written, root);
    return { [key]: path === null ? null : asDirectory(path) };
  };
  const pages = absolute(scope, 'error_pages', given.error_pages ?? null, root);
  const certificate = absolute(scope, 'certificate', given.certificate ?? null, root);
  const key = absolute(scope, 'certificate_key', given.certificate_key ?? null, root);
  return makeApp({
    name,
    root,
    source: { file: scope.file, key: scope.key },
    ...renamed(given),
    envFiles: files.flatMap(written => (written.startsWith('/') ? [tidyPath(written)] : [])),
    env: { ...variables, ...env },
    ...place('project'),
    ...place('socket'),
    ...place('logs'),
    ...served('static'),
    ...served('media'),
    ...healthWatchOf(scope, given),
    ...(pages === null ? {} : { errorPages: asDirectory(pages) }),
    ...(certificate === null || key === null ? {} : { certificate: { certificate, key } }),
  });
}

/** How often it is asked, from the two keys; neither means anything without a path to ask for. */
function healthWatchOf(scope: Scope, given: Values<typeof appKeys>): Partial<App> {
  const { health, health_interval: interval = 0, health_failures: failures = usualFailures } = given;
  for (const key of ['health_interval', 'health_failures'] as const)
    if (given[key] !== undefined && health === undefined && !isToldWrong(scope, 'health'))
      report(
        scope,
        [key],
        `${key} has no health beside it: there is nothing to ask for`,
        'health = "/healthz"',
      );
  return interval === 0 ? {} : { healthWatch: { interval, failures } };
}

/** The keys whose values the model takes as they are. */
function renamed(given: Values<typeof appKeys>): Partial<App> {
  const pairs: readonly [keyof App, unknown][] = [
    ['user', given.user],
    ['group', given.group],
    ['settings', given.settings],
    ['wsgi', given.wsgi],
    ['processName', given.name],
    ['workers', given.workers],
    ['threads', given.threads],
    ['workerClass', given.worker_class],
    ['gracefulTimeout', given.graceful_timeout],
    ['timeout', given.timeout],
    ['maxRequests', given.max_requests],
    ['maxRequestsJitter', given.max_requests_jitter],
    ['keepAlive', given.keepalive],
    ['preload', given.preload],
    ['gunicornArgs', given.gunicorn_args],
    ['command', given.command],
    ['health', given.health],
    ['idleTimeout', given.idle_timeout || undefined],
    ['onDemand', given.on_demand],
    ['upstreams', given.upstreams],
    ['serverNames', given.server_names === undefined ? undefined : [...new Set(given.server_names)]],
    ['redirectHttps', given.redirect_https],
    ['redirectFrom', given.redirect_from === undefined ? undefined : [...new Set(given.redirect_from)]],
    ['clientMaxBodySize', given.client_max_body_size],
    ['proxyReadTimeout', given.proxy_read_timeout],
    ['staticExpires', given.static_expires],
    ['mediaExpires', given.media_expires],
  ];
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

/** Arguments that would take the socket or the process out of hostd's hands. */
function refuseOwnArguments(scope: Scope, app: App): void {
  for (const argument of app.gunicornArgs) {
    const option = /^(--[a-z-]+|-[bDp])/.exec(argument)?.[0] ?? '';
    if (option === '--bind' || option === '-b')
      report(
        scope,
        ['gunicorn_args'],
        `cannot use "${argument}": gunicorn is given the socket by hostd`,
        'socket = "..."',
      );
    else if (option === '--daemon' || option === '-D')
      report(
        scope,
        ['gunicorn_args'],
        `cannot use "${argument}": hostd supervises gunicorn itself`,
        'leave it out',
      );
    else if (option === '--pid' || option === '-p')
      report(
        scope,
        ['gunicorn_args'],
        `cannot use "${argument}": a reload has two gunicorns for a while, and the file has room for one`,
        `leave it out: hostctl pid ${app.name} tells it`,
      );
    else if (option === '--user' || option === '--group')
      report(
        scope,
        ['gunicorn_args'],
        `cannot use "${argument}": hostd gives up root before gunicorn starts`,
        `${option.slice(2)} = "..."`,
      );
  }
  if (app.command?.length === 0)
    report(scope, ['command'], 'cannot use command: it is empty', 'leave it out');
}

/** sockaddr_un(7): 108 bytes with the NUL at the end. */
function refuseLongSocket(scope: Scope, socket: string): void {
  const bytes = new TextEncoder().encode(socket).length;
  if (bytes <= 107) return;
  const message = `cannot use socket = ${JSON.stringify(socket)}: it has ${bytes} bytes, and a unix socket may have 107`;
  report(scope, ['socket'], message, `socket = "/run/${scope.subject}.sock"`);
}

function readAppPrograms(
  scope: Scope,
  app: App,
  gunicorn: Program,
  tables: unknown,
  machineName: string,
): readonly Program[] {
  if (tables === undefined) return [];
  if (!isTable(tables)) {
    report(scope, ['program'], 'program must be a table', `[app.${app.name}.program.celery]`);
    return [];
  }
  return Object.entries(tables).flatMap(([name, table]) => {
    const inner: Scope = {
      ...scope,
      key: [...scope.key, 'program', name],
      title: `app "${app.name}", program "${name}"`,
    };
    if (!isTable(table)) {
      const meant =
        nearest(name, ['command']) === null
          ? `[app.${app.name}.program.${name}]`
          : `[app.${app.name}.program.celery]`;
      report(scope, ['program', name], `program.${name} must be a table`, meant);
      return [];
    }
    checkName(inner, name);
    const given = readTable(inner, table, appProgramKeys);
    const { appBounds } = gunicorn;
    const programs = programsOf(inner, given, placeBeside(app, gunicorn, name, machineName));
    return programs.map(program => ({
      ...program,
      ...(appBounds === undefined ? {} : { appBounds }),
      ...(given.sleeps_with_app === true ? { sleepsWithApp: true } : {}),
    }));
  });
}

function placeBeside(app: App, gunicorn: Program, name: string, machineName: string): ProgramPlace {
  return {
    name,
    group: app.name,
    groupPriority: gunicorn.groupPriority,
    app: app.name,
    alone: false,
    machineName,
    defaults: {
      user: app.user,
      unixGroup: app.group,
      directory: app.project,
      environment: appEnvironment(app),
      autorestart: 'always',
      startretries: null,
      redirect: true,
      stdout: process => `${app.logs}/${process}.log`,
      stderr: process => `${app.logs}/${process}-stderr.log`,
      base: app.root,
    },
  };
}
