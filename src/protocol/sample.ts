// The answer to `GET /v1/sample`: what hostd, its programs and their sites have used and done so far, at one moment. Two samples give
// rates. hostd takes a sample when it is asked for one, and keeps nothing of it.

import type { Kind } from '../model/host.ts';
import type { StateName } from '../model/state.ts';
import type { ScheduleStatus } from './control.ts';
import { describeRow, type SiteTraffic } from './traffic.ts';

/**
 * `GET /v1/sample[?memory=exact]`. Memory is anonymous memory: without the kernel's cache of files. It is taken from the cgroup where its
 * memory is counted. Elsewhere it is the sum over the processes; `exact` divides what they share among them, and takes a
 * hundred times as long.
 */
export interface Sample {
  /** Unix time in seconds, with fractions. */
  readonly time: number;
  /** Seconds of a clock that nobody sets, with fractions: for rates. It begins anew with hostd. */
  readonly clock: number;
  readonly hostd: HostdSample;
  /** In the order of `status`. */
  readonly programs: readonly ProgramSample[];
  /** In the order of their names; last the requests whose site was never known, with the name null. */
  readonly sites: readonly SiteSample[];
}

export interface HostdSample {
  readonly version: string;
  readonly pid: number;
  /** Unix time in seconds. */
  readonly started: number;
  readonly cpu_seconds: number;
  /** Resident memory of root's own process. */
  readonly memory_bytes: number;
  readonly configuration: {
    /** When the configuration in force was read: Unix time in seconds. */
    readonly loaded: number;
    /** Whether all of the files could be used when they were read last. */
    readonly good: boolean;
  };
  readonly disks: readonly DiskSample[];
}

/** The file system of a directory of hostd's own. */
export interface DiskSample {
  /** As [hostd] names it. */
  readonly directory: 'state_dir' | 'log_dir' | 'runtime_dir';
  /** For users who are not root. */
  readonly free_bytes: number;
  readonly size_bytes: number;
  /** Whether it is full, or nearly. */
  readonly low: boolean;
}

/** How memory was measured; null: it was not, since nothing runs. */
export type MemoryKind = 'cgroup' | 'proportional' | 'resident';

export interface ProgramSample {
  readonly name: string;
  readonly app: string | null;
  readonly group: string;
  readonly kind: Kind;
  readonly state: StateName;
  readonly statecode: number;
  readonly pid: number | null;
  readonly uptime_seconds: number | null;
  /** Of the present run: Unix time in seconds; null: nothing runs. */
  readonly started: number | null;
  /** Starts after the first one that hostd knows of: by itself, by a command or by a reload. */
  readonly restarts: number;
  /** Asleep since then (Unix time in seconds); null: it does not sleep. */
  readonly idle_since: number | null;
  /** Of all its generations: an old one that still finishes its requests is among them. */
  readonly processes: number;
  /** Of the present run, since its start: it begins anew with each. null: nothing runs, or it cannot be read. */
  readonly cpu_seconds: number | null;
  /** Of all its generations. */
  readonly memory_bytes: number | null;
  readonly memory_kind: MemoryKind | null;
  /** Of a scheduled program; null for all others. */
  readonly schedule: ScheduleStatus | null;
}

export interface SiteSample extends SiteTraffic {
  /** Requests that now wait for the app's answer, and the age of the oldest in seconds (null: there is none). */
  readonly waiting_requests: number;
  readonly oldest_request_seconds: number | null;
  readonly maintenance: boolean;
  /** When the certificate ends that the site is served with: Unix time in seconds; null: it has no TLS. */
  readonly certificate_ends: number | null;
  /** Whether something is wrong with its certificate (`status` says what). */
  readonly certificate_bad: boolean;
}

/** A sample as it is taken, and told to hostd-metrics: a tenth of the text, since what a site was served is a bare row of numbers. */
export interface PlainSample extends Omit<Sample, 'sites'> {
  readonly sites: readonly PlainSite[];
}

export interface PlainSite extends Omit<SiteSample, keyof SiteTraffic> {
  readonly name: string | null;
  /** traffic.ts says which number is where. Empty: all are 0. */
  readonly row: readonly number[];
}

export function describeSample(sample: PlainSample): Sample {
  const describe = ({ name, row, ...others }: PlainSite) => ({ ...describeRow(name, row), ...others });
  return { ...sample, sites: sample.sites.map(describe) };
}

/** `GET /v1/processes?name=...`: an array of the processes of an app's programs, or of the programs of a name; at most 400. */
export interface ProcessSample {
  readonly program: string;
  readonly pid: number;
  readonly command: string;
  /** Seconds of the clock that nobody sets, when this was seen. */
  readonly clock: number;
  /** Of this process alone, since its start. null here and below: it cannot be read. */
  readonly cpu_seconds: number | null;
  /** What it shares with others is divided among them. */
  readonly memory_bytes: number | null;
}
