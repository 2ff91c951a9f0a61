// Supervisor's configuration, one file for each app and each group. Written here, read by read.ts.

import { boundFields, noBounds } from '../../model/bounds.ts';
import { same } from '../../model/changes.ts';
import type { Host, Program } from '../../model/host.ts';
import type { Problem } from '../../model/problem.ts';
import { sleepKeys } from '../../model/sleep.ts';
import { type OwnField, supervisionRows, usualSupervision } from '../../model/supervision.ts';
import { numbered } from '../../words/numbered.ts';
import { cannotSay, type Format, type OutputFile, type WriteOptions } from '../format.ts';
import {
  appOf,
  definitionName,
  elsewhereProblems,
  givenEnvironment,
  isScripted,
  startScript,
  writtenBy,
} from '../layout.ts';
import { sectionKeys } from './keys.ts';
import { isExpressible } from './quote.ts';
import { looksLikeSupervisor, readSupervisor } from './read.ts';

export const supervisor: Format = {
  name: 'supervisor',
  looksLike: looksLikeSupervisor,
  read: readSupervisor,
  write(host, options) {
    const groups = Map.groupBy(host.programs, program => program.group);
    const problems: Problem[] = [...elsewhereProblems(host, 'supervisor')];
    const taken = new Set<string>();
    const files = [...groups.entries()].map(([group, programs]): OutputFile => {
      const text = groupText(host, group, programs, options, taken, problems);
      const isOpen = programs.every(program => hasNoSecret(host, program));
      const path = `/etc/supervisor/conf.d/${group}.conf`;
      return { kind: 'file', path, text, mode: isOpen ? 0o644 : 0o600, owner: group };
    });
    return { files, problems };
  },
};

/** An app's gunicorn gets its variables from the start script. */
function hasNoSecret(host: Host, program: Program): boolean {
  const app = appOf(host, program);
  return (app !== null && isScripted(app)) || Object.keys(givenEnvironment(host, program)).length === 0;
}

/** A future [program:x]: its name, its keys, and whether its only process has the same name. */
interface Section {
  readonly name: string;
  readonly keys: ReadonlyMap<string, string>;
}

/** The kind of section in Supervisor's file. */
function titleOf(keys: ReadonlyMap<string, string>): 'eventlistener' | 'program' {
  return keys.has('events') ? 'eventlistener' : 'program';
}

function groupText(
  host: Host,
  group: string,
  programs: readonly Program[],
  options: WriteOptions,
  taken: Set<string>,
  problems: Problem[],
): string {
  const definitions = Map.groupBy(programs, program => JSON.stringify(program.source));
  const isAlone = definitions.size === 1;
  const sections = [...definitions.values()].flatMap(instances => {
    for (const program of instances) report(host, program, options, problems);
    const wished = isAlone && instances[0]?.app === null ? group : sectionName(instances[0], group);
    return sectionsOf(host, instances, wished, options, taken);
  });
  const [first] = programs;
  const isOwnGroup =
    sections.length === 1 &&
    sections[0]?.name === group &&
    programs.every(program => program.groupPriority === program.priority);
  const isListener = programs.some(program => program.listener !== null);
  const gathered = sections.map(section => section.name).join(',');
  const priority =
    first === undefined || first.groupPriority === 999 ? [] : [`priority = ${first.groupPriority}`];
  const gathering =
    isOwnGroup || isListener ? [] : [`\n[group:${group}]`, `programs = ${gathered}`, ...priority];
  const comment = options.plain ? [] : [`; ${writtenBy(tableName(first, group))}`];
  const blocks = sections.map(section => sectionLines(section, options.plain).join('\n'));
  return `${[...comment, blocks.join('\n\n'), ...gathering].join('\n')}\n`;
}

function tableName(first: Program | undefined, group: string): string {
  return first?.app === null ? `group "${group}"` : `[app.${group}]`;
}

/** Sections of different files must have different names, or they become one. */
function sectionName(program: Program | undefined, group: string): string {
  if (program === undefined || program.name === group) return group;
  const name = definitionName(program);
  return program.app === null ? name : `${group}-${name}`;
}

/** One section for all instances where only their number differs, else one for each. */
function sectionsOf(
  host: Host,
  instances: readonly Program[],
  wished: string,
  { plain }: WriteOptions,
  taken: Set<string>,
): readonly Section[] {
  const keysOf = (program: Program) => sectionKeys(program, appOf(host, program), plain);
  const [first] = instances;
  if (first === undefined) return [];
  const merged = instances.length === 1 ? keysOf(first) : together(instances, instances.map(keysOf));
  if (merged !== null) {
    const name = free(wished, taken);
    const process = numbered(instances.map(processName), instances.map(numberOf)) ?? processName(first);
    const extra = new Map<string, string>();
    if (process !== name) extra.set('process_name', process);
    if (instances.length > 1) extra.set('numprocs', String(instances.length));
    if (instances.length > 1 && numberOf(first) !== 0) extra.set('numprocs_start', String(numberOf(first)));
    const [[, command = ''] = [], ...rest] = merged;
    return [{ name, keys: new Map([['command', command], ...extra, ...rest]) }];
  }
  return instances.map(program => {
    const name = free(processName(program), taken);
    const keys = new Map(keysOf(program));
    if (name !== processName(program)) keys.set('process_name', processName(program));
    return { name, keys };
  });
}

function together(
  instances: readonly Program[],
  all: readonly ReadonlyMap<string, string>[],
): Map<string, string> | null {
  const merged = new Map<string, string>();
  const numbers = instances.map(numberOf);
  const isRun = numbers.every((number, index) => number === (numbers[0] ?? 0) + index);
  if (!isRun || numbered(instances.map(processName), numbers) === null) return null;
  for (const key of new Set(all.flatMap(keys => [...keys.keys()]))) {
    const values = all.map(keys => keys.get(key));
    const common = values.includes(undefined) ? null : numbered(values as string[], numbers);
    if (common === null) return null;
    merged.set(key, common);
  }
  return merged;
}

function processName(program: Program): string {
  return program.name.slice(program.name.indexOf(':') + 1);
}

function numberOf(program: Program): number {
  return program.instance?.number ?? 0;
}

function free(wished: string, taken: Set<string>): string {
  let name = wished;
  for (let number = 2; taken.has(name); number++) name = `${wished}-${number}`;
  taken.add(name);
  return name;
}

/** Comments beside the four keys that every app has. */
const remarks: Readonly<Record<string, string>> = {
  command: 'Command to start app',
  user: 'User to run as',
  stdout_logfile: 'Where to write log messages',
  redirect_stderr: 'Save stderr in the same log',
};

function sectionLines({ name, keys }: Section, plain: boolean): readonly string[] {
  const lines = [...keys].map(([key, value]) => ({ key, line: `${key} = ${value}` }));
  const remarked = lines.filter(({ key, line }) => plain && key in remarks && !line.includes('\n'));
  const width = Math.max(0, ...remarked.map(({ line }) => line.length)) + 3;
  const written = lines.map(entry =>
    remarked.includes(entry) ? `${entry.line.padEnd(width)}; ${remarks[entry.key]}` : entry.line,
  );
  return [`[${titleOf(keys)}:${name}]`, ...written];
}

const unbound = [
  'Supervisor holds nothing to bounds',
  'command = "systemd-run --scope -p ... COMMAND"',
] as const;

/** hostd's own keys: the message, with a hint, where a value is not the usual one. null: the command has it, see keys.ts. */
const unsaidKeys: Readonly<Record<OwnField, readonly [message: string, hint: string] | null>> = {
  limits: ['Supervisor sets no limits', 'command = "prlimit --nofile=... -- COMMAND"'],
  noNewPrivileges: null,
  nice: ['Supervisor sets no nice value', 'command = "nice -n ... COMMAND"'],
  oomScoreAdj: ['Supervisor sets no OOM score', 'command = "choom -n ... -- COMMAND"'],
  memoryMax: unbound,
  memoryHigh: unbound,
  cpuMax: unbound,
  cpuWeight: unbound,
  tasksMax: unbound,
  ioWeight: unbound,
  memoryRestart: ['Supervisor looks at no memory', 'an event listener such as memmon'],
  maxAge: ['Supervisor restarts nothing for its age', 'cron, and supervisorctl restart'],
  restartAt: ['Supervisor restarts nothing by the clock', 'cron, and supervisorctl restart'],
  requires: ['Supervisor waits for no service', 'priority, and a command that waits'],
};

/** What Supervisor does not say of a schedule: of all of it. */
function unsaidTimes({ name, group, schedule }: Program): (readonly [string, string, string])[] {
  if (schedule === null) return [];
  const { cron, timezone, catchUp, timeLimit } = schedule;
  const zone = timezone === null ? '' : `CRON_TZ=${timezone}, then: `;
  const full = name.includes(':') ? name : `${group}:${name}`;
  return [
    [
      'schedule',
      'Supervisor runs nothing at certain times',
      `crontab -e: ${zone}${cron} supervisorctl start ${full}`,
    ],
    ...(catchUp ? [['catch_up', 'Supervisor makes up for no run', 'anacron(8)'] as const] : []),
    ...(timeLimit === null
      ? []
      : [['time_limit', 'Supervisor ends no run', `command = "timeout ${timeLimit} COMMAND"`] as const]),
  ];
}

function report(host: Host, program: Program, { plain }: WriteOptions, problems: Problem[]): void {
  const app = appOf(host, program);
  const say = (key: string, message: string, hint: string) =>
    problems.push(
      cannotSay(
        program.group,
        { ...program.source, key: [...program.source.key, key] },
        `supervisor: "${program.name}": ${message}`,
        hint,
      ),
    );
  for (const [field, unsaid] of Object.entries(unsaidKeys) as [OwnField, (typeof unsaidKeys)[OwnField]][])
    if (unsaid !== null && !same(program[field], usualSupervision[field]))
      say(supervisionRows[field].key, ...unsaid);
  const { appBounds = noBounds } = program;
  // Of the app as a whole it is said once.
  if (program.name === program.app)
    for (const field of boundFields) if (appBounds[field] > 0) say(supervisionRows[field].key, ...unbound);
  if ([program.stdout, program.stderr].some(log => log !== null && log.maxAge !== null))
    say('stdout_logfile_maxage', 'Supervisor puts no log aside by its age', 'logrotate');
  if (program.stdout.through?.stripAnsi || program.stderr?.through?.stripAnsi)
    say('strip_ansi', 'Supervisor has it for all programs alone', 'strip_ansi in [supervisord]');
  for (const unsaid of unsaidTimes(program)) say(...unsaid);
  for (const key of sleepKeys(program))
    say(key, 'Supervisor sends no program to sleep', `leave it out: it runs all the time`);
  if (program.health !== null)
    say('health', 'Supervisor checks no health', 'an event listener such as httpok');
  if (program.unixGroup !== null && (app === null || !isScripted(app)))
    say('group', `Supervisor has no unix group: it will be the primary group of its user`, 'usermod -g');
  if (app !== null && !isScripted(app) && app.command?.[0] !== startScript(app))
    say(
      'command',
      `Supervisor passes no socket: the command has to bind ${app.socket} itself`,
      'gunicorn --bind',
    );
  if (plain && app === null && program.noNewPrivileges)
    say(
      'no_new_privileges',
      'Supervisor has no such key',
      'leave out --plain: setpriv(1) then stands before the command',
    );
  if (program.startretries === null && plain && app === null)
    say('startretries', `Supervisor gives up at some time, here after ${1_000_000} tries`, 'startretries');
  const texts = [...program.command, ...Object.values(program.environment), program.directory ?? ''];
  if (!texts.every(isExpressible))
    say('command', 'a carriage return becomes the end of a line in this file', 'a script that has it');
}
