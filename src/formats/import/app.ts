// From a start script, the program that ran it and the site in front of it to one [app.NAME].

import type { TomlTable, TomlValue } from '../../config/toml/write.ts';
import { appEnvironment, appSupervision, isRoot, makeApp } from '../../model/app.ts';
import type { App } from '../../model/host.ts';
import type { ProgramDraft, ScriptDraft } from '../draft.ts';
import { programTable, type Tabled, type Usual } from '../supervisor/table.ts';
import type { AppDraft } from './match.ts';
import { logsOf, lostLogs, type Put, putSite, siteFields } from './site.ts';

export interface AppTable extends Tabled {
  /** The app that the table will be read as, as far as other tables depend on it. */
  readonly app: App;
  readonly notes: readonly string[];
  /** Whether a note tells of a guess. */
  readonly guessed: boolean;
}

export function appTable(parts: AppDraft): AppTable {
  const app = appOf(parts);
  const { script, program, site } = parts;
  const plain = makeApp({ name: app.name, root: app.root, source: app.source });
  const lost: (readonly [string, string])[] = [];
  const table: Record<string, TomlValue> = { root: app.root, user: app.user };
  const put: Put = (key, value, usual) => {
    if (value !== null && value !== usual) table[key] = value;
  };
  put('group', app.group, null);
  // Values of the script are written even where they are hostd's defaults.
  put('project', app.project, script === null ? plain.project : null);
  put('settings', app.settings, script === null ? plain.settings : null);
  if (app.command === null || script !== null) put('wsgi', app.wsgi, script === null ? plain.wsgi : null);
  if (app.command !== null) table['command'] = app.command;
  else putGunicorn(app, script, plain, put);
  putSite(app, plain, put);
  const directory = script === null ? (program?.processes[0]?.directory ?? null) : script.directory;
  if (directory !== null) put('directory', directory, app.project);
  if (site !== null) lost.push(...lostLogs(site, app));
  const supervised = program === null ? null : supervisionTable(program, app, script);
  if (Object.keys(app.env).length > 0) table['env'] = app.env;
  const { environment: _, ...rest } = supervised?.table ?? {};
  const guesses = [...userNotes(parts), ...settingsNotes(parts)];
  return {
    app,
    table: { ...table, ...rest },
    lost: [...lost, ...(supervised?.lost ?? [])],
    notes: [...keptNotes(Object.keys(rest)), ...guesses],
    guessed: guesses.some(note => note.includes('guessed')),
  };
}

/** Keys about how hostd calls gunicorn. A command in gunicorn's place has none of them. */
function putGunicorn(app: App, script: ScriptDraft | null, plain: App, put: Put): void {
  put('name', app.processName, plain.processName);
  const isSaid = script !== null && script.workers !== null;
  if (script?.workersElsewhere !== true || isSaid) put('workers', app.workers, isSaid ? null : plain.workers);
  put('threads', app.threads, null);
  put('worker_class', app.workerClass, null);
  put('graceful_timeout', app.gracefulTimeout, null);
  if (app.gunicornArgs.length > 0) put('gunicorn_args', app.gunicornArgs, null);
}

function keptNotes(keys: readonly string[]): readonly string[] {
  const kept = keys.filter(key => ['autorestart', 'startretries', 'stopwaitsecs'].includes(key));
  return kept.length === 0
    ? []
    : [`${kept.join(', ')}: as Supervisor had it; without them hostd starts an app again for ever.`];
}

function userNotes({ program, script }: AppDraft): readonly string[] {
  const isRoots = program !== null && isRoot(program.processes[0]?.user ?? 'root');
  if (isRoots && script !== null && script.user !== null && script.group === null)
    return ["group: the user's own; gunicorn keeps root's where root starts it with --user alone."];
  const isSaid = (program?.processes[0]?.user ?? script?.user ?? null) !== null;
  return isSaid || program === null
    ? []
    : ['user: guessed; Supervisor runs it as its own user, root as a rule.'];
}

function settingsNotes({ script }: AppDraft): readonly string[] {
  return script !== null && script.settings === null
    ? ["settings: guessed by the module's name; neither a variable nor the file itself says it."]
    : [];
}

function appOf({ name, root, script, program, site, command }: AppDraft): App {
  const process = program?.processes[0];
  const given: Record<string, unknown> = {
    // Root starts the script, which then becomes its user.
    user: isRoot(process?.user ?? 'root') ? (script?.user ?? process?.user) : process?.user,
    group: script?.group,
    command,
    project: script?.project,
    settings:
      script?.settings ??
      process?.environment['DJANGO_SETTINGS_MODULE'] ??
      (script === null ? null : script.wsgi.replace(/\.[\w]+(:.*)?$/, '.settings')),
    wsgi: script?.wsgi,
    processName: script?.processName,
    workers: script === null ? null : (script.workers ?? 1),
    threads: script?.threads,
    workerClass: script?.workerClass,
    gracefulTimeout: script?.gracefulTimeout,
    gunicornArgs: script?.gunicornArgs,
    socket: script?.socket ?? site?.socket,
    logs: logsOf(process?.stdout.path ?? null, site),
    env: { ...process?.environment, ...script?.environment },
  };
  const present = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
  );
  const app = makeApp({
    name,
    root,
    source: { file: '', key: ['app', name] },
    ...(present as Partial<App>),
    ...(site === null ? {} : siteFields(name, site)),
  });
  return { ...app, env: ownVariables(app) };
}

/** The variables that an app does not have anyway. */
function ownVariables(app: App): Readonly<Record<string, string>> {
  const usual = appEnvironment({ ...app, env: {} });
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(app.env)) {
    const isList = name === 'PATH' || name === 'PYTHONPATH';
    if (value === usual[name] || (name === 'DJANGO_SETTINGS_MODULE' && value === '')) continue;
    const entries = value.split(':').filter(Boolean);
    const known = (usual[name] ?? '').split(':');
    // A list that adds nothing to the usual directories.
    if (isList && isWithin(entries, known)) continue;
    env[name] = isList ? entries.join(':') : value;
  }
  return env;
}

/** Whether the entries are among the known ones, in the same order. */
function isWithin(entries: readonly string[], known: readonly string[]): boolean {
  let from = 0;
  return entries.every(entry => {
    const at = known.indexOf(entry, from);
    from = at + 1;
    return at >= 0;
  });
}

function supervisionTable(program: ProgramDraft, app: App, script: ScriptDraft | null): Tabled {
  const usual: Usual = {
    user: app.user,
    directory: null,
    // env has all of these variables.
    environment: { ...appEnvironment(app), ...program.processes[0]?.environment },
    autorestart: 'always',
    startretries: null,
    stopwaitsecs: appSupervision(app).stopwaitsecs,
    redirect: true,
    stdout: `${app.logs}/gunicorn_supervisor.log`,
  };
  // The script goes to its directory itself.
  const processes = program.processes
    .slice(0, 1)
    .map(process => ({ ...process, directory: null, umask: process.umask ?? script?.umask ?? null }));
  const tabled = programTable(processes, usual, false);
  const { command: _, ...table } = tabled?.table ?? {};
  return { table: table as TomlTable, lost: tabled?.lost ?? [] };
}

/** What a program beside the app's gunicorn has by default. */
export function usualBeside(app: App, process: string | null): Usual {
  return {
    user: app.user,
    directory: app.project,
    environment: appEnvironment(app),
    autorestart: 'always',
    startretries: null,
    stopwaitsecs: 10,
    redirect: true,
    stdout: process === null ? null : `${app.logs}/${process}.log`,
  };
}
