// What hostctl and the daemon say to each other: JSON over HTTP on the control socket, and its exact shapes.
// A command that takes time is answered by JSON lines, one `Progress` each, the last of them `{ kind: 'end' }`.

import type { StateName } from '../model/state.ts';

export const API = '/v1';

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
  /** Of the last run: exit code, -1 when a signal ended it, null when there was none or it is not known. */
  readonly exitstatus: number | null;
  /** Why the program is not running, or "". */
  readonly spawnerr: string;
  /** One line for people: "pid 12, uptime 0:00:07", "exited too quickly; next try in 4 s". */
  readonly description: string;
  /** Starts since hostd first saw the program. */
  readonly run: number;
  /** Unix times in seconds; null: never. */
  readonly started: number | null;
  readonly stopped: number | null;
}

export interface StatusReply {
  readonly programs: readonly ProgramStatus[];
  /** Asked for, but there is no such program or group. */
  readonly unknown: readonly string[];
}

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

/** One difference that `reread` reports and `update` applies. */
export interface ChangeReport {
  readonly name: string;
  readonly change: 'available' | 'changed' | 'disappeared';
  /** Which keys differ, for a changed one. */
  readonly keys: readonly string[];
}

export interface ProblemReport {
  readonly severity: 'error' | 'warning';
  /** As formatProblem writes it, hint included. */
  readonly text: string;
}

export interface RereadReply {
  readonly changes: readonly ChangeReport[];
  readonly problems: readonly ProblemReport[];
}

export type Progress =
  /** A program that the command waits for is now in this state. */
  | {
      readonly kind: 'waiting';
      readonly name: string;
      readonly state: StateName;
      readonly description: string;
    }
  /** The command is done with one name. */
  | { readonly kind: 'done'; readonly name: string; readonly outcome: Outcome; readonly message: string }
  | ({ readonly kind: 'reread' } & RereadReply)
  | { readonly kind: 'end' };

/** `unknown`: no such name. `noop`: it was so already (started, stopped). */
export type Outcome = 'ok' | 'noop' | 'failed' | 'unknown';

/** The body of every reply with a status of 400 or more. */
export interface ErrorReply {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}
