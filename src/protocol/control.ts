// What hostctl and the daemon say to each other: JSON over HTTP on the control socket, and its exact shapes.
// A command that takes time is answered by JSON lines, one `Progress` each, the last of them `{ kind: 'end' }`.

import type { StateName } from '../model/state.ts';

export const API = '/v1';

/** Workers that an app can be scaled to. */
export const mostWorkers = 999;

/** One program in `GET /v1/status[?name=...]`; names and meanings are the contract of `status --json`. */
export interface ProgramStatus {
  readonly name: string;
  readonly app: string | null;
  readonly group: string;
  readonly state: StateName;
  readonly statecode: number;
  readonly pid: number | null;
  /** Seconds since the start of the present run, or null. */
  readonly uptime_seconds: number | null;
  /** Of the last run: its exit code, -1 when a signal ended it, null when there was none or it is not known. */
  readonly exitstatus: number | null;
  /** Why the program is not running, or "". */
  readonly spawnerr: string;
  /** One line for people: "pid 12, uptime 0:00:07", "exited too quickly; next try in 4 s". */
  readonly description: string;
  /** Starts since hostd first saw the program. */
  readonly run: number;
  /** Unix time in seconds; null: never. */
  readonly started: number | null;
  readonly stopped: number | null;
  /** Asleep since then (Unix time in seconds): the next request starts it. null: it does not sleep. */
  readonly idle_since: number | null;
  /** Seconds for which a reload of it has been under way, or null. */
  readonly reload_seconds: number | null;
  /** What visitors of the app's site meet. null for programs other than an app's own. */
  readonly site: SiteStatus | null;
  /** Of a scheduled program; null for all others. */
  readonly schedule: ScheduleStatus | null;
  /** Of an app that is served elsewhere. Absent for all others. */
  readonly upstreams?: readonly UpstreamStatus[];
}

/** One of the addresses where an app is served. */
export interface UpstreamStatus {
  readonly address: string;
  /** Why a proxy worker leaves it out: "refused", "timeout", "unreachable", "reset" or "health"; null: it gets requests. */
  readonly fault: string | null;
}

/** What `status` says of a scheduled program, besides its state. */
export interface ScheduleStatus {
  /** When it is run next: Unix time in seconds; null: it is stopped. */
  readonly next: number | null;
  /** What has come of its last run; null: it has had none. */
  readonly last: {
    readonly result: 'ok' | 'failed' | 'stopped' | 'unknown';
    /** "exit status 1". */
    readonly why: string;
    /** Unix time in seconds. */
    readonly started: number;
    /** How long it took; null: nobody knows. */
    readonly seconds: number | null;
  } | null;
}

/** What `status` says of an app's site, besides its program. */
export interface SiteStatus {
  /** Whether `hostctl maintenance NAME on` is in force. */
  readonly maintenance: boolean;
  /** When the certificate ends that the site is served with: Unix time in seconds; null: it has no TLS. */
  readonly certificate_ends: number | null;
  /** What is wrong with its certificate, and what is served instead; null: nothing. */
  readonly certificate_fault: string | null;
  /** Requests that now wait for the app's answer, and the age of the oldest in seconds (null: there is none). */
  readonly waiting_requests: number;
  readonly oldest_request_seconds: number | null;
}

/** `GET /v1/about?name=...`: an app with its programs, or the programs of a name; what does not change from moment to moment. */
export interface AboutReply {
  readonly programs: readonly ProgramAbout[];
  /** Of an app; null for any other program. */
  readonly site: SiteAbout | null;
}

export interface ProgramAbout {
  readonly name: string;
  /** Of the configuration. */
  readonly file: string;
  /** null: hostd's own. */
  readonly user: string | null;
  readonly group: string | null;
  readonly directory: string | null;
  readonly command: readonly string[];
  /** `held`: hostd has it, and clients can connect or wait. */
  readonly socket: { readonly path: string; readonly held: boolean } | null;
  readonly logs: readonly string[];
  /** The main process comes first. */
  readonly processes: readonly ProcessAbout[];
  readonly more_processes: number;
}

export interface ProcessAbout {
  readonly pid: number;
  readonly command: string;
}

export interface SiteAbout {
  readonly server_names: readonly string[];
  readonly locations: readonly { readonly prefix: string; readonly alias: string }[];
  /** Absent: it is served here. */
  readonly upstreams?: readonly string[];
  /** Path of its file. */
  readonly certificate: string | null;
  readonly access_log: string;
  readonly error_log: string;
}

/** `GET /v1/pid`: hostd itself. */
export interface PidReply {
  readonly pid: number;
  /** Of the files that it was started from; null: nobody knows. An older hostd does not tell. */
  readonly version?: string | null;
}

export interface StatusReply {
  readonly programs: readonly ProgramStatus[];
  /** Names of no program and no group. */
  readonly unknown: readonly string[];
  /** What is wrong with hostd's own disks, in sentences; absent: an older hostd. */
  readonly notices?: readonly string[];
}

/**
 * `GET /v1/sites[?name=...]`: an array of `SiteTraffic`, in the order of the sites' names, last the requests whose site was
 * never known; with names, only those, or 404. It adds up what the proxy workers that this hostd has started have counted, dead ones
 * included, up to this moment.
 */
export type { Histogram, SiteTraffic } from './traffic.ts';

/** `POST /v1/start`, `/v1/stop`, `/v1/restart`, `/v1/signal`: names as typed; "all", "group:*" and "hello" are understood. */
export interface ActRequest {
  readonly names: readonly string[];
  readonly signal?: string;
}

/** `POST /v1/update`. */
export interface UpdateRequest {
  readonly dryRun?: boolean;
}

/** `POST /v1/shutdown`. */
export interface ShutdownRequest {
  readonly keepApps?: boolean;
}

/** `POST /v1/maintenance`: sites by their apps' names, or "all". */
export interface MaintenanceRequest {
  readonly names: readonly string[];
  readonly on: boolean;
  /** Seconds, for Retry-After. */
  readonly retryAfter?: number;
}

/** `GET /v1/maintenance`. */
export interface MaintenanceReply {
  readonly sites: readonly {
    readonly name: string;
    readonly maintenance: boolean;
    readonly retryAfter: number | null;
  }[];
}

/** One difference that `reread` reports and `update` applies. */
export interface ChangeReport {
  readonly name: string;
  readonly change: 'available' | 'changed' | 'disappeared';
  /** For a changed program, the keys that differ. */
  readonly keys: readonly string[];
}

/** What differs of one of hostd.toml's own tables, and what brings it into force (model/settings-changes.ts). */
export interface SettingsReport {
  readonly table: string;
  readonly takes: 'update' | 'upgrade' | 'restart';
  readonly keys: readonly string[];
}

export interface ProblemReport {
  readonly severity: 'error' | 'warning';
  /** As formatProblem writes it, hint included. */
  readonly text: string;
}

export interface RereadReply {
  readonly changes: readonly ChangeReport[];
  readonly settings: readonly SettingsReport[];
  readonly problems: readonly ProblemReport[];
}

export type Progress =
  /** A program that the command waits for is now in this state. */
  | {
      readonly kind: 'waiting';
      readonly name: string;
      readonly state: StateName;
      readonly description: string;
      /** What is waited for, if not the program itself. */
      readonly note?: string;
    }
  /** The command is done with this name. */
  | { readonly kind: 'done'; readonly name: string; readonly outcome: Outcome; readonly message: string }
  | ({ readonly kind: 'reread' } & RereadReply)
  | { readonly kind: 'end' };

/** `unknown`: there is no such name. `noop`: nothing had to be done. */
export type Outcome = 'ok' | 'noop' | 'failed' | 'unknown';

/** The body of every reply with a status of 400 or more. */
export interface ErrorReply {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}
