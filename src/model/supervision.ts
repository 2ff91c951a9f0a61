// What hostd knows about each of a program's keys besides its value: one row a key. Code for all keys goes through these rows, so
// that a new key cannot be forgotten.

import type { LogFile, Program, Schedule, Supervision, Through } from './host.ts';
import { kindByNames } from './kind.ts';

/** Logs have several keys each, in their own rows. */
export type Field = Exclude<keyof Supervision, 'stdout' | 'stderr'>;

export interface Row<T> {
  /** The field's key in hostd.toml. */
  readonly key: string;
  /** The value of a program whose table does not set it. */
  readonly usual: T;
  /** Whether `update` changes a running program's value, or has to restart the program. */
  readonly applies: 'live' | 'restart';
  /** Whether Supervisor has the same key. */
  readonly supervisor: boolean;
}

export const supervisionRows = {
  umask: { key: 'umask', usual: 0o022, applies: 'restart', supervisor: true },
  limits: { key: 'limits', usual: {}, applies: 'restart', supervisor: false },
  noNewPrivileges: { key: 'no_new_privileges', usual: true, applies: 'restart', supervisor: false },
  nice: { key: 'nice', usual: null, applies: 'restart', supervisor: false },
  oomScoreAdj: { key: 'oom_score_adj', usual: null, applies: 'restart', supervisor: false },
  memoryMax: { key: 'memory_max', usual: 0, applies: 'live', supervisor: false },
  memoryHigh: { key: 'memory_high', usual: 0, applies: 'live', supervisor: false },
  cpuMax: { key: 'cpu_max', usual: 0, applies: 'live', supervisor: false },
  cpuWeight: { key: 'cpu_weight', usual: 0, applies: 'live', supervisor: false },
  tasksMax: { key: 'tasks_max', usual: 0, applies: 'live', supervisor: false },
  ioWeight: { key: 'io_weight', usual: 0, applies: 'live', supervisor: false },
  memoryRestart: { key: 'memory_restart', usual: 0, applies: 'live', supervisor: false },
  maxAge: { key: 'max_age', usual: 0, applies: 'live', supervisor: false },
  restartAt: { key: 'restart_at', usual: null, applies: 'live', supervisor: false },
  requires: { key: 'requires', usual: [], applies: 'live', supervisor: false },
  priority: { key: 'priority', usual: 999, applies: 'live', supervisor: true },
  autostart: { key: 'autostart', usual: true, applies: 'live', supervisor: true },
  autorestart: { key: 'autorestart', usual: 'unexpected', applies: 'live', supervisor: true },
  startsecs: { key: 'startsecs', usual: 1, applies: 'live', supervisor: true },
  startretries: { key: 'startretries', usual: 3, applies: 'live', supervisor: true },
  exitcodes: { key: 'exitcodes', usual: [0], applies: 'live', supervisor: true },
  stopsignal: { key: 'stopsignal', usual: 'SIGTERM', applies: 'live', supervisor: true },
  stopwaitsecs: { key: 'stopwaitsecs', usual: 10, applies: 'live', supervisor: true },
  stopasgroup: { key: 'stopasgroup', usual: false, applies: 'live', supervisor: true },
  killasgroup: { key: 'killasgroup', usual: false, applies: 'live', supervisor: true },
} as const satisfies { readonly [F in Field]: Row<Supervision[F]> };

/** Fields whose keys are hostd's own, not Supervisor's. */
export type OwnField = {
  [F in Field]: (typeof supervisionRows)[F]['supervisor'] extends true ? never : F;
}[Field];

export type SupervisionKey = (typeof supervisionRows)[Field]['key'];

/** All fields, in the order of their rows. */
export const fields = Object.keys(supervisionRows) as readonly Field[];

/** A value for each field, from `value`. */
export function eachField(value: (field: Field) => unknown): Pick<Supervision, Field> {
  return Object.fromEntries(fields.map(field => [field, value(field)])) as unknown as Pick<
    Supervision,
    Field
  >;
}

/** Supervisor's defaults, and hostd's own for what Supervisor does not have. */
export const usualSupervision: Pick<Supervision, Field> = eachField(field => supervisionRows[field].usual);

/** A program from an earlier hostd's record, in which newer fields have their usual values. */
export function completed(program: Program): Program {
  const {
    kind = kindByNames(program),
    listener = null,
    schedule = null,
    ...logs
  } = program as Partial<Program>;
  const { stdout, stderr } = logs;
  const withThrough = (log: LogFile): LogFile => ({ ...log, through: log.through ?? null });
  return {
    ...usualSupervision,
    ...program,
    kind,
    listener,
    schedule,
    stdout: stdout === undefined ? { path: null, ...usualLog } : withThrough(stdout),
    stderr: stderr == null ? null : withThrough(stderr),
  };
}

/** The settings of a log besides its path, by the end of their keys: stdout_logfile_maxbytes and so on. All of them apply live. */
const logRows = {
  maxBytes: { key: 'maxbytes', usual: 50 * 1024 ** 2, supervisor: true },
  backups: { key: 'backups', usual: 10, supervisor: true },
  maxAge: { key: 'maxage', usual: null, supervisor: false },
} as const;

/** How a log is kept whose table sets nothing. */
export const usualLog: Omit<LogFile, 'path'> = {
  maxBytes: logRows.maxBytes.usual,
  backups: logRows.backups.usual,
  maxAge: logRows.maxAge.usual,
  through: null,
};

/** Output that passes through hostd only to be written down. */
export const plainThrough: Through = {
  events: false,
  captureBytes: 0,
  syslog: false,
  stripAnsi: false,
  echo: false,
};

/** The settings for output, by a log's keys: stdout_events_enabled and so on. Supervisor has all of them. */
export const throughRows = {
  events: { key: 'events_enabled', usual: false },
  captureBytes: { key: 'capture_maxbytes', usual: 0 },
  syslog: { key: 'syslog', usual: false },
} as const;

/** The keys of a schedule's fields. */
export const scheduleKeys = {
  cron: 'schedule',
  timezone: 'timezone',
  catchUp: 'catch_up',
  timeLimit: 'time_limit',
} as const satisfies Readonly<Record<keyof Schedule, string>>;

/** Keys about how hostd supervises a program, not what it runs: `update` applies them without a restart. */
export const liveKeys: ReadonlySet<string> = new Set([
  'numprocs',
  'health_interval',
  ...Object.values(scheduleKeys),
  'idle_timeout',
  'on_demand',
  'sleeps_with_app',
  ...fields
    .filter(field => supervisionRows[field].applies === 'live')
    .map(field => supervisionRows[field].key),
  ...['stdout', 'stderr'].flatMap(stream =>
    Object.values(logRows).map(({ key }) => `${stream}_logfile_${key}`),
  ),
]);

/** Whether a change of these keys takes effect without a restart. There must be at least one. */
export function isLive(keys: readonly string[]): boolean {
  return keys.every(key => liveKeys.has(key));
}

/** hostd's own keys of a program, which Supervisor does not have. */
export const ownKeys: ReadonlySet<string> = new Set([
  'group',
  ...Object.values(scheduleKeys),
  ...fields.filter(field => !supervisionRows[field].supervisor).map(field => supervisionRows[field].key),
  ...['stdout', 'stderr'].flatMap(stream =>
    Object.values(logRows)
      .filter(row => !row.supervisor)
      .map(({ key }) => `${stream}_logfile_${key}`),
  ),
]);
