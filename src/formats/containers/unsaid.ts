// What of hostd.toml no engine for containers has a word for, or none of Docker's. Each is told by its key, with what to do. Pure.

import { isRoot, makeApp } from '../../model/app.ts';
import { defaultSettings } from '../../model/assemble.ts';
import { boundFields, noBounds } from '../../model/bounds.ts';
import { same } from '../../model/changes.ts';
import type { App, Host, LogFile, Program } from '../../model/host.ts';
import type { Problem, Source } from '../../model/problem.ts';
import { sleepKeys } from '../../model/sleep.ts';
import { plainThrough, supervisionRows, throughRows } from '../../model/supervision.ts';
import { cannotSay } from '../format.ts';
import { endpointOf, mediaOf, type Part, type Workload } from './workload.ts';

/** Key, message, what to try. */
export type Saying = readonly [key: string, message: string, hint: string];

/** Problems with the places of their keys. `engine` is the word that they begin with. */
export function problemsOf(
  engine: string,
  { name, source, subject }: { readonly name: string; readonly source: Source; readonly subject: string },
  sayings: readonly Saying[],
): readonly Problem[] {
  return sayings.map(([key, message, hint]) =>
    cannotSay(
      subject,
      { ...source, key: key === '' ? source.key : [...source.key, key] },
      `${engine}: "${name}": ${key === '' ? '' : `${key}: `}${message}`,
      hint,
    ),
  );
}

/** Of a program, what no engine has. */
export function programSayings({ program }: Part, app: App): readonly Saying[] {
  const sayings: Saying[] = [];
  const say = (...saying: Saying) => sayings.push(saying);
  if (program.name !== app.name) {
    if (program.user !== app.user)
      say('user', "it runs as the app's user in its container", `user = "..." in [app.${app.name}]`);
    if (program.unixGroup !== app.group)
      say('group', "it runs as the app's user in its container", `group = "..." in [app.${app.name}]`);
  }
  if (program.umask !== 0o022)
    say('umask', 'the umask in a container is 022', 'os.umask() in the code, or a command that sets it');
  if (program.limits['as'] !== undefined)
    say('limits', 'there is no limit of address space', 'memory_max = "..."');
  if (program.nice !== null && program.nice < 0)
    say('nice', 'no container may take more of the processors by a negative niceness', 'leave nice out');
  if (program.memoryRestart > 0)
    say('memory_restart', 'nothing restarts it before its memory is at its bound', 'memory_max = "..."');
  if (program.maxAge > 0)
    say('max_age', 'nothing restarts it for its age', 'max_requests = ..., for memory that grows');
  if (program.restartAt !== null)
    say('restart_at', 'nothing restarts it by the clock', 'leave restart_at out');
  if (program.priority !== 999)
    say('priority', 'there is no order of starts: all begin together', 'requires = ["ADDRESS:PORT"]');
  if (program.stopasgroup)
    say(
      'stopasgroup',
      'the signal goes to the first process of the container alone',
      'a command that passes it on',
    );
  for (const key of sleepKeys(program))
    say(key, 'nothing sleeps, and nobody wakes it: it runs all the time', 'replicas by hand, or hostd');
  for (const requirement of program.requires)
    if (endpointOf(requirement) === null)
      say(
        'requires',
        `"${requirement.name}" is of this machine, and no container reaches it: nobody waits for it`,
        'requires = ["ADDRESS:PORT"], an address that other machines reach',
      );
  return [...sayings, ...logSayings(program, app)];
}

function logSayings({ stdout, stderr, name: full }: Program, app: App): readonly Saying[] {
  const streams = [
    ['stdout', stdout],
    ['stderr', stderr],
  ] as const;
  const name = full === app.name ? 'gunicorn_supervisor' : full.slice(full.indexOf(':') + 1);
  return streams.flatMap(([stream, log]): Saying[] => {
    if (log === null) return [];
    const key = `${stream}_logfile`;
    const own = log.through ?? plainThrough;
    return [
      ...(isUsualPlace(log, name, stream, app)
        ? []
        : [
            [
              key,
              'its output goes to the log of the engine, in any case',
              `${key} = "/dev/${stream}"`,
            ] as const,
          ]),
      ...(log.maxAge === null
        ? []
        : [[`${key}_maxage`, 'no log is put aside by its age', 'the driver of the logs'] as const]),
      ...(own.stripAnsi
        ? [['strip_ansi', 'its output is taken as it is', 'NO_COLOR=1 in env'] as const]
        : []),
      ...Object.entries(throughRows)
        .filter(([field, { usual }]) => own[field as keyof typeof throughRows] !== usual)
        .map(
          ([, { key: end }]): Saying => [
            `${stream}_${end}`,
            'nothing of its output is told to anybody',
            'the driver of the logs',
          ],
        ),
    ];
  });
}

/** Whether a log is where hostd puts it by itself, or the engine's anyway. */
function isUsualPlace({ path }: LogFile, name: string, stream: string, { logs }: App): boolean {
  const end = stream === 'stdout' ? '.log' : '-stderr.log';
  return path === `/dev/${stream}` || path === `${logs}/${name}${end}`;
}

/** Of an app, what no engine has. What serves its files and its names is the format's business. */
export function appSayings({ app, web, others }: Workload): readonly Saying[] {
  const sayings: Saying[] = [];
  const say = (...saying: Saying) => sayings.push(saying);
  const usual = makeApp({ name: app.name, root: app.root, source: app.source });
  const inFront = 'hostd in front, with upstreams, or another proxy';
  if (isRoot(app.user)) say('user', 'it runs as no root: nothing in a container does here', 'user = "..."');
  if (app.group !== null && !/^\d+$/.test(app.group))
    say('group', `the group "${app.group}" is one of this machine`, 'group = "10001", a number');
  if (app.socket !== usual.socket)
    say('socket', 'it listens on port 8000 in its container', 'leave socket out');
  if (app.logs !== usual.logs) say('logs', 'its logs go to the log of the engine', 'leave logs out');
  if (app.media !== null && mediaOf(app) === null)
    say('media', `no volume can be at "${app.media}"`, 'a directory below the project, without ":"');
  if (app.errorPages !== null)
    say('error_pages', 'no page of yours is shown where it does not answer', inFront);
  if (app.redirectFrom.length > 0) say('redirect_from', 'no host name is redirected to another', inFront);
  if (app.command !== null)
    say(
      'command',
      'nobody hands it a socket: it has to listen on 0.0.0.0:8000 by itself',
      'leave command out, or hostd in the container (docs/containers.md)',
    );
  for (const key of ['static', 'media'] as const)
    if (app[key] !== null)
      say(
        key,
        `nothing serves the files below /${key}/`,
        `hostd in the container (docs/containers.md), or ${key === 'static' ? 'whitenoise' : 'an object store'}, or ${key} = false`,
      );
  if (app.staticExpires !== null) say('static_expires', 'nothing serves files', inFront);
  if (app.mediaExpires !== null) say('media_expires', 'nothing serves files', inFront);
  const { appBounds = noBounds } = web.program;
  if (others.length > 0)
    for (const field of boundFields.filter(field => appBounds[field] > 0))
      say(
        supervisionRows[field].key,
        'each of its containers has it for itself, where hostd holds all programs of the app to it together',
        `the same key in [app.${app.name}.program.X]`,
      );
  return sayings;
}

/** Programs of no app, which have no image. */
export function strangersIn(host: Host, engine: string): readonly Problem[] {
  const strangers = host.programs.filter(({ app }) => app === null);
  const tables = new Map(strangers.map(program => [JSON.stringify(program.source), program]));
  return [...tables.values()].flatMap(({ name, source, group, listener }) =>
    problemsOf(engine, { name, source, subject: group }, [
      listener === null
        ? [
            '',
            'it is of no app, and has no image to run in',
            '[app.NAME.program.X], or leave it on a machine of hostd',
          ]
        : ['', "no engine speaks the protocol of Supervisor's event listeners", 'the events of the engine'],
    ]),
  );
}

/** Apps of which only the upstreams are known. */
export function elsewhereIn(host: Host, workloads: readonly Workload[], engine: string): readonly Problem[] {
  return host.apps
    .filter(app => !workloads.some(workload => workload.app === app))
    .flatMap(({ name, source }) =>
      problemsOf(engine, { name, source, subject: name }, [
        ['upstreams', 'it has no root: there is nothing to run', 'root = "...", and what else an app has'],
      ]),
    );
}

/** All tables but those of apps and programs are about the machine's own hostd. Those that open a way in are told as a whole. */
export function settingsSayings({ settings }: Host, engine: string): readonly Problem[] {
  const usual = defaultSettings(settings.file);
  const { file, include: _, emit: _emit, control, proxy, notify, ...rest } = settings;
  const { runtimeDir, stateDir, logDir, logFile, ...ways } = rest;
  const keys = [
    ...changedKeys('hostd', { runtimeDir, stateDir, logDir, logFile }, usual),
    ...changedKeys('control', control, usual.control),
    ...changedKeys('proxy', proxy, usual.proxy),
    ...changedKeys('notify', notify, usual.notify),
    ...Object.entries(ways)
      .filter(([table, value]) => !same(value, usual[table as keyof typeof ways]))
      .map(([table]) => [table]),
  ];
  return keys.map(key => ({
    severity: 'warning',
    at: { file, key },
    message: `${engine}: [${key[0]}]${key.length > 1 ? ` ${key[1]}` : ''} is about hostd on this machine, and not about what runs elsewhere`,
    hint: 'what the engine, or what is in front of it, has for that',
  }));
}

function changedKeys<T extends object>(
  table: string,
  values: T,
  usual: Partial<T>,
): readonly (readonly string[])[] {
  return Object.entries(values)
    .filter(([field, value]) => !same(value, usual[field as keyof T]))
    .map(([field]) => [
      table,
      field === 'logFile' ? 'logfile' : field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`),
    ]);
}
