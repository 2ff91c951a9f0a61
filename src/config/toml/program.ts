// From the keys of [program.NAME] or [app.X.program.Y] to one Program, or to several where numprocs says so.

import { dirname } from 'node:path';
import { baseEnvironment, isRoot } from '../../model/app.ts';
import type { Program, Schedule } from '../../model/host.ts';
import { usualSupervision } from '../../model/supervision.ts';
import type { Names } from '../../words/expansion.ts';
import { commandOf, expandAll, expander, prefixed } from './expander.ts';
import type { listenerKeys, programKeys } from './keys.ts';
import { isPlainName, plainNameRule } from './names.ts';
import { absolute, supervisionOf } from './supervision.ts';
import { isToldWrong, report, type Scope, type Values } from './table.ts';

/** What a program's table does not have in it. */
export interface ProgramPlace {
  readonly name: string;
  readonly group: string;
  /** null: the same as its own priority. */
  readonly groupPriority: number | null;
  readonly app: string | null;
  /** The program is alone in its group, so a single process has no colon in its name. */
  readonly alone: boolean;
  readonly machineName: string;
  readonly defaults: ProgramDefaults;
}

export interface ProgramDefaults {
  readonly user: string | null;
  readonly unixGroup: string | null;
  readonly directory: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly autorestart: Program['autorestart'];
  readonly startretries: number | null;
  readonly redirect: boolean;
  /** The path of an AUTO log, from the process's name. */
  readonly stdout: (process: string) => string;
  readonly stderr: (process: string) => string;
  /** The directory that a relative path may have been meant for. */
  readonly base: string;
}

/** Supervisor's own defaults. */
export function programDefaults(logDir: string): ProgramDefaults {
  return {
    user: null,
    unixGroup: null,
    directory: null,
    environment: baseEnvironment,
    autorestart: 'unexpected',
    startretries: 3,
    redirect: false,
    stdout: process => `${logDir}/${process}-stdout.log`,
    stderr: process => `${logDir}/${process}-stderr.log`,
    base: logDir,
  };
}

type Given = Values<typeof programKeys>;

/** Supervisor's default for event listeners: they start before the programs that they hear of, and stop after them. */
const listenerPriority = -1;
const usualBufferSize = 10;

/** The listeners of one [listener.NAME], which make one pool. */
export function listenersOf(
  scope: Scope,
  given: Values<typeof listenerKeys>,
  place: ProgramPlace,
): readonly Program[] {
  const listener = { events: given.events ?? [], bufferSize: given.buffer_size ?? usualBufferSize };
  const programs = programsOf(scope, { priority: listenerPriority, ...given }, place);
  return programs.map(program => ({ ...program, kind: 'listener', listener }));
}

/** More processes than this are a typing mistake. */
const mostProcesses = 1000;

export function programsOf(scope: Scope, given: Given, place: ProgramPlace): readonly Program[] {
  const count = given.numprocs ?? 1;
  if (count > mostProcesses) {
    report(
      scope,
      ['numprocs'],
      `cannot use numprocs = ${count}: ${mostProcesses} is the most`,
      'numprocs = 4',
    );
    return [];
  }
  const written =
    given.process_name ?? (count > 1 ? '%(program_name)s_%(process_num)02d' : '%(program_name)s');
  if (count > 1 && !written.includes('%(process_num)')) {
    const hint = 'process_name = "%(program_name)s_%(process_num)02d"';
    report(scope, ['process_name'], 'cannot give several processes one process_name', hint);
    return [];
  }
  // A mistake in the first process is in the others too, and is reported once.
  const programs: Program[] = [];
  for (let index = 0; index < count; index++) {
    const before = scope.problems.length;
    const program = programOf(scope, given, place, index, written);
    if (program !== null) programs.push(program);
    if (scope.problems.length > before) break;
  }
  return programs;
}

function programOf(
  scope: Scope,
  given: Given,
  place: ProgramPlace,
  index: number,
  nameWritten: string,
): Program | null {
  const { defaults } = place;
  const number = (given.numprocs_start ?? 0) + index;
  const count = given.numprocs ?? 1;
  const names = namesFor(scope, place, number, count);
  const outer = expander(scope, { ...names, ...prefixed(defaults.environment) });
  const own = expandAll(given.environment ?? {}, (text, name) => outer('environment', text, name));
  const environment = { ...defaults.environment, ...own };
  const text = expander(scope, { ...names, ...prefixed(environment) });
  const processName = text('process_name', nameWritten);
  const command = commandOf(scope, given.command, text);
  if (processName === null || command === null) return null;
  if (!isPlainName(processName)) {
    report(
      scope,
      ['process_name'],
      `cannot use process_name ${JSON.stringify(processName)}: ${plainNameRule}`,
      'leave it out',
    );
    return null;
  }
  const user = given.user ?? defaults.user;
  const logs = {
    stdout: defaults.stdout(processName),
    stderr: defaults.stderr(processName),
    redirect: defaults.redirect,
    base: defaults.base,
  };
  const schedule = scheduleOf(scope, given);
  const { autorestart, startretries } = defaults;
  const noNewPrivileges = user !== null && !isRoot(user);
  const ways = schedule === null ? { autorestart, startretries } : scheduledWays;
  const supervision = supervisionOf(
    scope,
    given,
    { ...usualSupervision, ...ways, noNewPrivileges },
    logs,
    text,
  );
  const directory = given.directory === undefined ? defaults.directory : text('directory', given.directory);
  return {
    name: place.alone && processName === place.group ? processName : `${place.group}:${processName}`,
    group: place.group,
    groupPriority: place.groupPriority ?? supervision.priority,
    app: place.app,
    kind: 'command',
    source: { file: scope.file, key: scope.key },
    instance: count > 1 ? { of: place.name, number, count } : null,
    command,
    directory: absolute(scope, 'directory', directory, defaults.base),
    environment,
    user,
    unixGroup: given.group ?? defaults.unixGroup,
    socket: null,
    health: null,
    listener: null,
    schedule,
    ...supervision,
  };
}

/** A run is RUNNING at once, may end at once, and is not repeated before its time. */
const scheduledWays = { autorestart: 'never', startretries: 0, startsecs: 0 } as const;

/** What only a program that is to stay up can have. */
const restless = [
  'autorestart',
  'startretries',
  'startsecs',
  'memory_restart',
  'max_age',
  'restart_at',
] as const;

/** What such a key may say beside a schedule, since it says nothing. */
const idleValues: Readonly<Record<(typeof restless)[number], unknown>> = {
  ...scheduledWays,
  memory_restart: 0,
  max_age: 0,
  restart_at: null,
};

function scheduleOf(scope: Scope, given: Given): Schedule | null {
  const { schedule: cron, timezone = null, catch_up: catchUp = false, time_limit: timeLimit = null } = given;
  if (cron === undefined) {
    for (const key of ['timezone', 'catch_up', 'time_limit'] as const)
      if (given[key] !== undefined && !isToldWrong(scope, 'schedule'))
        report(scope, [key], `cannot use ${key} without a schedule`, 'schedule = "0 3 * * *"');
    return null;
  }
  for (const key of restless)
    if (given[key] !== undefined && given[key] !== idleValues[key])
      report(
        scope,
        [key],
        `cannot use ${key} with a schedule: a run may end at any time, and the next one comes at its time`,
        `leave ${key} out`,
      );
  return { cron, timezone, catchUp, timeLimit };
}

function namesFor(scope: Scope, place: ProgramPlace, number: number, count: number): Names {
  return {
    program_name: place.name,
    group_name: place.group,
    process_num: number,
    numprocs: count,
    here: dirname(scope.file),
    host_node_name: place.machineName,
  };
}
