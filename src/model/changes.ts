// What an update will do: the differences between two sets of programs, and the keys that make them. Pure.

import { boundFields, noBounds } from './bounds.ts';
import type { Bounds, LogFile, Program, Schedule, Through } from './host.ts';
import { fields, plainThrough, scheduleKeys, supervisionRows, throughRows } from './supervision.ts';

export interface Change {
  /** The program's name. */
  readonly name: string;
  readonly change: 'available' | 'changed' | 'disappeared';
  /** For a changed program: the keys of hostd.toml whose effect differs. */
  readonly keys: readonly string[];
}

/** Sorted by name. `keeps`: whether a program stays as it was, because its definition has errors now. */
export function changes(
  before: readonly Program[],
  after: readonly Program[],
  keeps: (program: Program) => boolean = () => false,
): readonly Change[] {
  const old = new Map(before.map(program => [program.name, program]));
  const found: Change[] = [];
  for (const program of after) {
    const was = old.get(program.name);
    old.delete(program.name);
    if (was === undefined) found.push({ name: program.name, change: 'available', keys: [] });
    else if (!keeps(was)) {
      const keys = differingKeys(was, program);
      if (keys.length > 0) found.push({ name: program.name, change: 'changed', keys });
    }
  }
  for (const [name, program] of old)
    if (!keeps(program)) found.push({ name, change: 'disappeared', keys: [] });
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The key in hostd.toml for each field of Program but those of Supervision. null: the field never differs alone. */
const ownFields: { readonly [F in Exclude<keyof Program, keyof typeof supervisionRows>]-?: string | null } = {
  name: null,
  source: null,
  group: null,
  groupPriority: 'priority',
  app: null,
  kind: null,
  instance: 'numprocs',
  command: 'command',
  directory: 'directory',
  environment: 'environment',
  user: 'user',
  unixGroup: 'group',
  stdout: 'stdout_logfile',
  stderr: 'stderr_logfile',
  socket: 'socket',
  health: 'health',
  healthWatch: 'health_interval',
  appBounds: 'memory_max',
  idleTimeout: 'idle_timeout',
  onDemand: 'on_demand',
  sleepsWithApp: 'sleeps_with_app',
  supervisord: null,
  listener: 'events',
  schedule: 'schedule',
};

const keyOfField = {
  ...ownFields,
  ...Object.fromEntries(fields.map(field => [field, supervisionRows[field].key])),
} as { readonly [F in keyof Program]-?: string | null };

function differingKeys(before: Program, after: Program): readonly string[] {
  const keys = (Object.keys(keyOfField) as (keyof Program)[]).flatMap(field => {
    const key = keyOfField[field];
    if (key === null || same(before[field], after[field])) return [];
    // A proxy worker's environment has a digest of the sites in it.
    if (before.kind === 'proxy' && field === 'environment') return ['sites'];
    if (field === 'appBounds') return boundKeys(before.appBounds, after.appBounds);
    if (field === 'schedule') return timeKeys(before.schedule, after.schedule);
    return field === 'stdout' || field === 'stderr' ? logKeys(key, before[field], after[field]) : [key];
  });
  return [...new Set(keys)];
}

function boundKeys(before: Bounds = noBounds, after: Bounds = noBounds): readonly string[] {
  return boundFields.filter(field => before[field] !== after[field]).map(field => supervisionRows[field].key);
}

function timeKeys(before: Schedule | null, after: Schedule | null): readonly string[] {
  const names = Object.keys(scheduleKeys) as (keyof Schedule)[];
  return before === null || after === null
    ? [scheduleKeys.cron]
    : names.filter(name => before[name] !== after[name]).map(name => scheduleKeys[name]);
}

function logKeys(key: string, before: LogFile | null, after: LogFile | null): readonly string[] {
  if (before === null || after === null) return ['redirect_stderr'];
  return [
    ...(before.path === after.path ? [] : [key]),
    ...(before.maxBytes === after.maxBytes ? [] : [`${key}_maxbytes`]),
    ...(before.backups === after.backups ? [] : [`${key}_backups`]),
    ...(before.maxAge === after.maxAge ? [] : [`${key}_maxage`]),
    ...throughKeys(key, before.through, after.through),
  ];
}

/** A program's start decides whether output passes through hostd. For a terminal or a pipe the path already says so. */
function throughKeys(key: string, before: Through | null, after: Through | null): readonly string[] {
  if (same(before, after)) return [];
  const [was, is] = [before ?? plainThrough, after ?? plainThrough];
  const stream = key.slice(0, key.indexOf('_'));
  return [
    ...Object.entries(throughRows).flatMap(([field, row]) =>
      same(was[field as keyof typeof throughRows], is[field as keyof typeof throughRows])
        ? []
        : [`${stream}_${row.key}`],
    ),
    ...(was.stripAnsi === is.stripAnsi ? [] : ['strip_ansi']),
    ...(was.echo === is.echo && (before === null) === (after === null) ? [] : [key]),
  ];
}

/** Deep equality of plain data, whatever the order of an object's keys. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(key => Object.hasOwn(b, key) && same(a[key as keyof typeof a], b[key as keyof typeof b]))
  );
}
