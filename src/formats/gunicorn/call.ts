// One call of gunicorn, with its surroundings, to the draft of an app.

import { dirname, resolve } from 'node:path';
import { baseEnvironment } from '../../model/app.ts';
import type { Place } from '../../model/problem.ts';
import { splitWords } from '../../words/shlex.ts';
import { localAddress, socketPath } from '../backend.ts';
import type { ScriptDraft } from '../draft.ts';
import type { ReadContext } from '../format.ts';
import { type GunicornCall, gunicornCall } from './arguments.ts';
import { bindsOf, type Configuration, readConfiguration, textSetting } from './configuration.ts';

/** The surroundings of the call. */
export interface Facts {
  readonly at: Place;
  /** The working directory. */
  readonly directory: string;
  /** The virtualenv that was activated, or null. */
  readonly root: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly umask: number | null;
  readonly user: string | null;
  readonly group: string | null;
  /** The words that stay in front of gunicorn. */
  readonly front: readonly string[];
  /** The tool that finds the virtualenv: "poetry". */
  readonly finder: string | null;
}

type Tell = (line: string, why: string, harmless?: boolean) => void;

/** null: nothing says which application it serves. */
export function draftOf(
  call: GunicornCall,
  facts: Facts,
  around: ReadContext,
  tell: Tell,
): ScriptDraft | null {
  const { environment, directory } = facts;
  const fromVariable = callOf(environment['GUNICORN_CMD_ARGS']);
  const written = configurationOf(call.others) ?? configurationOf(fromVariable?.others ?? []);
  const file = resolve(directory, written ?? 'gunicorn.conf.py');
  const configuration = configurationAt(file, written, around);
  const wsgi = call.wsgi ?? (configuration === null ? null : textSetting(configuration, 'wsgi_app'));
  if (wsgi === null) return null;
  const chdir = call.options.chdir ?? (configuration === null ? null : textSetting(configuration, 'chdir'));
  const where = chdir === null ? directory : resolve(directory, chdir);
  const { socket, address } = boundTo(call, fromVariable, configuration, where, tell);
  const { root, command } = rootAndCommand(call, facts, around);
  if (configuration !== null) tellOfConfiguration(configuration, tell);
  if (written !== null && configuration === null)
    tell(`-c ${written}`, 'this file cannot be read here: what it binds to is not known');
  const project = projectOf(environment['PYTHONPATH'], where, root);
  return {
    kind: 'script',
    at: facts.at,
    root,
    finder: root === null ? facts.finder : null,
    project,
    directory: where,
    processName: call.options.name ?? null,
    socket,
    address,
    user: call.options.user ?? fromFile(configuration, 'user') ?? facts.user,
    group: call.options.group ?? fromFile(configuration, 'group') ?? facts.group,
    settings: environment['DJANGO_SETTINGS_MODULE'] || settingsIn(wsgi, [project, where], around),
    wsgi: wsgi.replace(/:application$/, ''),
    workers: natural(call.options.workers),
    workersElsewhere:
      saysWorkers(written, configuration, environment, fromVariable) ||
      call.lost.some(([words]) => /^(-w|--workers)\b/.test(words)),
    threads: natural(call.options.threads),
    workerClass: call.options['worker-class'] ?? null,
    gracefulTimeout: natural(call.options['graceful-timeout']),
    umask: facts.umask,
    command,
    gunicornArgs: argumentsOf(call, { written, file, moved: where !== directory }),
    environment: ownVariables(environment, root, project),
  };
}

/** The variables that an app does not have anyway. */
function ownVariables(
  environment: Readonly<Record<string, string>>,
  root: string | null,
  project: string,
): Readonly<Record<string, string>> {
  const usual = [...(baseEnvironment['PATH'] ?? '').split(':'), ...(root === null ? [] : [`${root}/bin`])];
  const isUsual = ([name, value]: [string, string]) => {
    const entries = value.split(':').filter(Boolean);
    if (name === 'PATH') return entries.every(entry => usual.includes(entry));
    if (name === 'PYTHONPATH') return entries.every(entry => entry === project);
    return (
      name === 'DJANGO_SETTINGS_MODULE' ||
      (name === 'VIRTUAL_ENV' && value === root) ||
      baseEnvironment[name] === value
    );
  };
  return Object.fromEntries(Object.entries(environment).filter(pair => !isUsual(pair)));
}

function fromFile(configuration: Configuration | null, name: string): string | null {
  return configuration === null ? null : textSetting(configuration, name);
}

function callOf(text: string | undefined): GunicornCall | null {
  const split = splitWords(text ?? '');
  return split.ok && split.words.length > 0 ? gunicornCall(['gunicorn', ...split.words]) : null;
}

/** -c FILE among gunicorn's words. The last one counts. */
function configurationOf(words: readonly string[]): string | null {
  let found: string | null = null;
  words.forEach((word, index) => {
    if (word === '-c' || word === '--config') found = words[index + 1] ?? null;
    else found = /^(?:--config=|-c(?=[^-]))([\s\S]+)$/.exec(word)?.[1] ?? found;
  });
  return found === null ? null : (found as string).replace(/^file:/, '');
}

/** null: there is none, or it cannot be read here. */
function configurationAt(file: string, written: string | null, around: ReadContext): Configuration | null {
  if (written?.startsWith('python:') === true || /[*?[\]]/.test(file)) return null;
  const text = textAt(file, around);
  return text === null ? null : readConfiguration(text);
}

function textAt(file: string, around: ReadContext): string | null {
  try {
    return /[*?[\]]/.test(file) ? null : (around.include(file)[0]?.text ?? null);
  } catch {
    return null; // This user may not read it.
  }
}

function boundTo(
  call: GunicornCall,
  fromVariable: GunicornCall | null,
  configuration: Configuration | null,
  where: string,
  tell: Tell,
): { readonly socket: string | null; readonly address: string | null } {
  const given = [call.binds, fromVariable?.binds ?? [], configuration === null ? [] : bindsOf(configuration)];
  const binds = (given.find(list => list.length > 0) ?? []).flatMap(bind => bind.split(','));
  const unix = binds.filter(bind => bind.startsWith('unix:'));
  const [first] = unix;
  for (const bind of binds) {
    if (bind === first) continue;
    const isOne = binds.length === 1;
    tell(
      `--bind ${bind}`,
      isOne ? 'hostd gives gunicorn a unix socket instead' : 'hostd gives gunicorn one unix socket',
    );
  }
  return {
    socket: first === undefined ? null : socketPath(resolve(where, first.slice(5))),
    address: first === undefined ? (binds.map(localAddress).find(found => found !== null) ?? null) : null,
  };
}

/** Directories of the system's programs, which have no virtualenv around them. */
const systemRoots = new Set(['/', '/usr', '/usr/local']);

function rootAndCommand(call: GunicornCall, facts: Facts, around: ReadContext) {
  const { root: activated, directory, front, environment } = facts;
  const own = call.program.includes('/') ? dirname(dirname(resolve(directory, call.program))) : null;
  const path = (environment['PATH'] ?? '')
    .split(':')
    .find(part => part.endsWith('/bin') && !systemRoots.has(dirname(part)));
  const beside = front[0]?.startsWith('/') === true ? dirname(dirname(front[0])) : null;
  const venv =
    facts.finder !== null && textAt(`${directory}/.venv/bin/gunicorn`, around) !== null
      ? `${directory}/.venv`
      : null;
  const candidates = [
    own,
    venv,
    facts.finder === null ? activated : null,
    path === undefined ? null : dirname(path),
    beside,
  ];
  const root = candidates.find(candidate => candidate !== null && !systemRoots.has(candidate)) ?? null;
  const isSystems = own !== null && systemRoots.has(own);
  const words = [...front, call.program, ...call.words];
  return {
    root: root ?? (isSystems ? directory : null),
    command: front.length > 0 || isSystems ? words : null,
  };
}

/** The Django project among the entries of PYTHONPATH: the working directory, if it is one of them. */
function projectOf(pythonPath: string | undefined, where: string, root: string | null): string {
  const entries = (pythonPath ?? '').split(':').filter(part => part.startsWith('/'));
  if (entries.length === 0 || entries.includes(where)) return where;
  const near =
    entries.find(entry => entry.startsWith(`${where}/`)) ??
    (root === null ? undefined : entries.find(entry => entry.startsWith(`${root}/`)));
  return near ?? entries[0] ?? where;
}

/** The settings module that wsgi.py sets by default. */
function settingsIn(wsgi: string, directories: readonly string[], around: ReadContext): string | null {
  const path = `${(wsgi.split(':')[0] ?? '').replaceAll('.', '/')}.py`;
  for (const directory of directories) {
    const text = textAt(`${directory}/${path}`, around) ?? '';
    const found = /["']DJANGO_SETTINGS_MODULE["']\s*[,\]]\s*=?\s*["']([\w.]+)["']/.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  return null;
}

/** Whether something besides the command line may set the number of workers. */
function saysWorkers(
  written: string | null,
  configuration: Configuration | null,
  environment: Readonly<Record<string, string>>,
  fromVariable: GunicornCall | null,
): boolean {
  if (fromVariable?.options.workers !== undefined || environment['WEB_CONCURRENCY'] !== undefined)
    return true;
  return configuration === null ? written !== null : configuration.settings.has('workers');
}

/** Reports settings for things that hostd does itself. gunicorn is not asked for them. */
function tellOfConfiguration({ settings }: Configuration, tell: Tell): void {
  if (settings.get('daemon') === true) tell('daemon = True', 'hostd supervises gunicorn itself');
  if (settings.has('pidfile')) tell('pidfile = ...', 'hostctl pid tells it, and a reload has two of them');
}

function argumentsOf(
  call: GunicornCall,
  configuration: { readonly written: string | null; readonly file: string; readonly moved: boolean },
): readonly string[] {
  const log = call.options['log-file'];
  const { written, file, moved } = configuration;
  const isRelative = written !== null && !written.startsWith('/') && !written.startsWith('python:');
  const others = call.others.map((word, index) => {
    // gunicorn looks for the file before it goes to --chdir, and hostd starts it there.
    if (!moved || !isRelative) return word;
    if (word === written && /^(-c|--config)$/.test(call.others[index - 1] ?? '')) return file;
    return word.startsWith('-c') || word.startsWith('--config=') ? word.replace(written, file) : word;
  });
  return [...(log === undefined || log === '-' ? [] : [`--log-file=${log}`]), ...others];
}

function natural(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}
