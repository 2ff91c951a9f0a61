// The events that hostd keeps, as a closed union: `hostctl events` shows them, and [notify] tells of them. Each kind of event is
// declared here only: by a row in `eventKinds`, and by its further fields in `Details`.
// (Supervisor's own events, for event listeners, are in protocol/events.ts.)

import type { StateName } from './state.ts';

export type Severity = 'info' | 'warning' | 'error';

interface Row {
  /** The word in a line of text, before the cause. */
  readonly what: string;
  readonly severity: Severity;
  /** Whether [notify] tells of it unless `events` says otherwise. */
  readonly isTold: boolean;
  /** Troubles of the same name that this event ends. */
  readonly ends: readonly string[];
  /** They are over with it whatever their names are. */
  readonly endsOfAll?: true;
  readonly meaning: string;
}

const info = { severity: 'info', isTold: false, ends: [] } as const;
const warning = { severity: 'warning', isTold: true, ends: [] } as const;
const error = { severity: 'error', isTold: true, ends: [] } as const;

export const eventKinds = {
  starting: { ...info, what: 'STARTING', meaning: 'a program is being started' },
  running: {
    ...info,
    what: 'RUNNING',
    ends: ['backoff', 'fatal', 'oom', 'tasks', 'health'],
    meaning: 'a program is up',
  },
  stopping: { ...info, what: 'STOPPING', meaning: 'a program was told to end' },
  stopped: {
    ...info,
    what: 'STOPPED',
    ends: ['backoff', 'fatal', 'oom', 'tasks', 'health'],
    meaning: 'nothing of a program runs, as somebody wanted',
  },
  exited: { ...info, what: 'EXITED', meaning: 'a program that was up has ended by itself' },
  backoff: { ...warning, what: 'BACKOFF', meaning: 'a start has failed, and there will be another' },
  fatal: { ...error, what: 'FATAL', meaning: 'a program was given up' },
  unknown: { ...info, what: 'UNKNOWN', meaning: 'nobody can say what a program does' },
  oom: { ...error, what: 'killed for memory', meaning: 'the kernel killed it while memory was short' },
  tasks: {
    ...warning,
    what: 'tasks_max reached',
    meaning: 'the kernel refused it another process or thread',
  },
  health: { ...warning, what: 'unhealthy', meaning: 'its health path did not answer as it should' },
  'run-ended': {
    ...info,
    what: 'run ended',
    ends: ['run-failed', 'run-missed'],
    meaning: 'a run of a scheduled program ended well',
  },
  'run-failed': { ...error, what: 'run failed', meaning: 'a run of a scheduled program failed' },
  'run-unknown': { ...info, what: 'run unseen', meaning: 'nobody could see how a scheduled run ended' },
  'run-missed': { ...warning, what: 'run missed', meaning: 'a scheduled program was not run at its time' },
  scaled: { ...info, what: 'scaled', meaning: 'an app has another number of workers' },
  signalled: { ...info, what: 'signalled', meaning: 'somebody has sent a program a signal' },
  reloaded: { ...info, what: 'reloaded', ends: ['reload-refused'], meaning: 'new code has taken over' },
  'reload-refused': { ...warning, what: 'reload refused', meaning: 'new code did not take over' },
  maintenance: {
    ...info,
    what: 'maintenance',
    meaning: 'a site begins or ends to show its maintenance page',
  },
  'certificate-renewed': {
    ...info,
    what: 'certificate renewed',
    ends: ['certificate-ends', 'certificate-refused'],
    meaning: 'a site is served with another certificate',
  },
  'certificate-refused': {
    ...warning,
    what: 'certificate refused',
    meaning: 'the files of a certificate cannot be used, or clients will refuse it',
  },
  'certificate-ends': {
    ...warning,
    what: 'certificate ends',
    meaning: 'a certificate has 30, 14 or 3 days left',
  },
  updated: {
    ...info,
    what: 'updated',
    ends: ['config-problem'],
    endsOfAll: true,
    meaning: 'the configuration was read again, and is in force',
  },
  'config-problem': { ...warning, what: 'configuration', meaning: 'something in the files cannot be used' },
  'log-trouble': {
    ...warning,
    isTold: false,
    what: 'log',
    meaning: 'a log cannot be opened, rotated or compressed',
  },
  'log-good': { ...info, what: 'log', ends: ['log-trouble'], meaning: 'a log is rotated again' },
  'disk-full': { ...error, what: 'disk full', meaning: 'what is written to a log is lost' },
  'disk-free': { ...info, what: 'disk free', ends: ['disk-full'], meaning: 'there is room again' },
  'disk-low': {
    ...warning,
    what: 'disk low',
    meaning: 'a file system of hostd’s state or logs is full, or nearly',
  },
  'disk-good': { ...info, what: 'disk good', ends: ['disk-low'], meaning: 'they have room enough again' },
  'proxy-restart': { ...warning, what: 'proxy restarted', meaning: 'a proxy worker has ended by itself' },
  'site-left-out': {
    ...error,
    what: 'site left out',
    meaning: 'the proxy goes on without a site that ends it',
  },
  'upstream-out': {
    ...warning,
    what: 'upstream out',
    meaning: 'the proxy leaves out an upstream of an app that is served elsewhere',
  },
  'upstream-back': {
    ...info,
    what: 'upstream back',
    ends: ['upstream-out'],
    meaning: 'all upstreams of an app get requests again',
  },
  'web-restart': { ...warning, what: 'web restarted', meaning: 'hostd-web has ended by itself' },
  'metrics-restart': { ...warning, what: 'metrics restarted', meaning: 'hostd-metrics has ended by itself' },
  'not-served': {
    ...warning,
    what: 'not served',
    meaning: 'an address of [web], [metrics] or [supervisor] cannot be listened on',
  },
  served: { ...info, what: 'served', ends: ['not-served'], meaning: 'hostd listens on all of them again' },
  'rpc-restart': { ...warning, what: 'rpc restarted', meaning: 'hostd-rpc has ended by itself' },
  bound: {
    ...warning,
    isTold: false,
    what: 'bound reached',
    meaning: 'somebody has had as much of hostd as anybody may have',
  },
  'notify-failed': {
    ...warning,
    isTold: false,
    what: 'not told',
    meaning: 'what [notify] tells did not arrive',
  },
  'notify-good': {
    ...info,
    what: 'told again',
    ends: ['notify-failed'],
    meaning: '[notify] tells again',
  },
  'hostd-started': { ...info, what: 'hostd started', meaning: 'hostd is up' },
  'hostd-ended': { ...info, what: 'hostd ended', meaning: 'hostd has ended as it was told to' },
  'hostd-upgraded': { ...info, what: 'hostd upgraded', meaning: 'hostd becomes its new version' },
  'hostd-died': {
    ...error,
    what: 'hostd died',
    meaning: 'the hostd before ended without a word: killed, or the machine went down',
  },
} as const satisfies Readonly<Record<string, Row>>;

export type EventKind = keyof typeof eventKinds;

/** Which troubles of which name (null: any) are over with this. */
export function endedBy({ kind, name }: { readonly kind: EventKind; readonly name: string }): {
  readonly kinds: readonly string[];
  readonly name: string | null;
} {
  const row: Row = eventKinds[kind];
  return { kinds: row.ends, name: row.endsOfAll === true ? null : name };
}

/** All kinds, in the order of their rows. */
export const kindNames = Object.keys(eventKinds) as readonly EventKind[];

/** Those that [notify] tells of unless it says otherwise. */
export const toldKinds: readonly EventKind[] = kindNames.filter(kind => eventKinds[kind].isTold);

/** How a run of a program ended, and which it was. */
interface Ended {
  readonly pid?: number;
  readonly exitstatus?: number | null;
  readonly signal?: string | null;
}

/** The user who has asked for it; absent: nobody has, or hostd itself. */
interface Asked {
  readonly by?: string;
}

/** The fields of a kind besides name and cause. A kind without a row has none. */
export interface Details {
  readonly starting: Asked;
  readonly running: { readonly pid?: number };
  readonly stopping: Asked;
  readonly stopped: Asked;
  readonly exited: Ended & { readonly expected: boolean };
  readonly backoff: Ended & { readonly tries: number };
  readonly fatal: Ended;
  readonly oom: Ended;
  readonly scaled: Asked;
  readonly signalled: Asked;
  readonly reloaded: Asked & { readonly pid?: number };
  readonly 'reload-refused': Asked;
  readonly maintenance: Asked;
  /** Unix time in seconds. */
  readonly 'certificate-renewed': { readonly until: number | null };
  readonly 'certificate-ends': { readonly until: number; readonly days: number };
  readonly updated: Asked;
  readonly 'hostd-ended': Asked;
  readonly 'hostd-upgraded': Asked;
}

/** An event. `name`: of a program, an app or its site; "hostd" is hostd itself. */
export type Happening = {
  readonly [K in EventKind]: {
    readonly kind: K;
    readonly name: string;
    /** The cause in words; "": there is none. */
    readonly cause: string;
  } & (K extends keyof Details ? Details[K] : unknown);
}[EventKind];

/** The kind of event for a program's change to a state. */
export function kindOfState(state: StateName) {
  return kindsOfStates[state];
}

const kindsOfStates = {
  STOPPED: 'stopped',
  STARTING: 'starting',
  RUNNING: 'running',
  BACKOFF: 'backoff',
  STOPPING: 'stopping',
  EXITED: 'exited',
  FATAL: 'fatal',
  UNKNOWN: 'unknown',
} as const satisfies Record<StateName, EventKind>;
