// A sample as families of metrics, named by Prometheus' conventions (prometheus.io/docs/practices/naming): what each is called, what it
// means, and its series. Pure. How they are written is text.ts's.

import { type StateName, stateCodes } from '../model/state.ts';
import type { DiskSample, HostdSample, PlainSample, PlainSite, ProgramSample } from '../protocol/sample.ts';
import { at, boundsMs, statusesApart } from '../protocol/traffic.ts';
import { isWell } from '../protocol/well.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Family {
  /** Without "_total". */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram' | 'summary' | 'info';
  /** The end of the name, where that is a unit. */
  readonly unit?: 'seconds' | 'bytes';
  readonly help: string;
  /** The lines of each thing that has any. */
  readonly variants: readonly Variant[];
  readonly series: readonly Series[];
}

/** One line of a thing: the family's name with `suffix` behind it, and what tells it from the thing's other lines. */
export interface Variant {
  readonly suffix: string;
  readonly labels: Labels | null;
}

/** The lines of one thing. */
export interface Series {
  /** The same object stands for the same labels, so that their text need be made only once. */
  readonly labels: Labels | null;
  /** One for each variant. */
  readonly values: readonly number[];
}

/** The families that have any series. */
export function familiesOf({ hostd, programs, sites }: PlainSample): readonly Family[] {
  const named = sites.filter(({ name }) => name !== null);
  const unrouted = sites.filter(({ name }) => name === null).map(site => labelled(site, null));
  const ofPrograms = programs.map(program => labelled(program, programLabels(program)));
  const ofDisks = hostd.disks.map(disk => labelled(disk, { directory: disk.directory }));
  const ofSites = named.map(site => labelled(site, siteLabels(site)));
  return [
    familyOf(build, [labelled(hostd, { version: hostd.version })]),
    ...hostdRows.map(row => familyOf(row, [labelled(hostd, null)])),
    ...diskRows.map(row => familyOf(row, ofDisks)),
    ...programRows.map(row => familyOf(row, ofPrograms)),
    ...siteRows.map(row => familyOf(row, ofSites)),
    ...unroutedRows.map(row => familyOf(row, unrouted)),
  ].filter(({ series }) => series.length > 0);
}

/** A family, and what each thing has of it. */
interface Row<T> extends Omit<Family, 'variants' | 'series'> {
  /** Without them a thing has one line. */
  readonly variants?: readonly Variant[];
  /** null: it has none. */
  readonly of: (thing: T) => number | null | readonly number[];
}

interface Labelled<T> {
  readonly thing: T;
  readonly labels: Labels | null;
}

function labelled<T>(thing: T, labels: Labels | null): Labelled<T> {
  return { thing, labels };
}

const oneLine: readonly Variant[] = [{ suffix: '', labels: null }];
const oneTotal: readonly Variant[] = [{ suffix: '_total', labels: null }];

function familyOf<T>({ of, ...row }: Row<T>, things: readonly Labelled<T>[]): Family {
  const series: Series[] = [];
  for (const { thing, labels } of things) {
    const found = of(thing);
    if (found !== null) series.push({ labels, values: typeof found === 'number' ? [found] : found });
  }
  return { variants: row.type === 'counter' ? oneTotal : oneLine, ...row, series };
}

function programLabels({ name, app, group }: ProgramSample): Labels {
  return { program: name, group, ...(app === null ? {} : { app }) };
}

function siteLabels({ name }: PlainSite): Labels {
  return { site: name ?? '' };
}

const build: Row<HostdSample> = {
  name: 'hostd_build',
  type: 'info',
  help: 'The version of hostd that runs.',
  variants: [{ suffix: '_info', labels: null }],
  of: () => 1,
};

const hostdRows: readonly Row<HostdSample>[] = [
  {
    name: 'hostd_start_time_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When hostd was started, in Unix time.',
    of: ({ started }) => started,
  },
  {
    name: 'hostd_cpu_seconds',
    type: 'counter',
    unit: 'seconds',
    help: "Processor time of hostd's own process.",
    of: ({ cpu_seconds }) => cpu_seconds,
  },
  {
    name: 'hostd_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: "Resident memory of hostd's own process.",
    of: ({ memory_bytes }) => memory_bytes,
  },
  {
    name: 'hostd_config_last_reload_successful',
    type: 'gauge',
    help: 'Whether all of the configuration could be used when it was read last.',
    of: ({ configuration }) => Number(configuration.good),
  },
  {
    name: 'hostd_config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When the configuration in force was read, in Unix time.',
    of: ({ configuration }) => configuration.loaded,
  },
];

const diskRows: readonly Row<DiskSample>[] = [
  {
    name: 'hostd_filesystem_avail_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Room that is left in the file system of a directory of hostd, for users who are not root.',
    of: ({ free_bytes }) => free_bytes,
  },
  {
    name: 'hostd_filesystem_size_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Size of the file system of a directory of hostd.',
    of: ({ size_bytes }) => size_bytes,
  },
  {
    name: 'hostd_filesystem_low',
    type: 'gauge',
    help: 'Whether the file system of a directory of hostd is full, or nearly: of bytes or of inodes.',
    of: ({ low }) => Number(low),
  },
];

const meanings = Object.entries(stateCodes)
  .map(([state, code]) => `${code} ${state satisfies string as StateName}`)
  .join(', ');

const programRows: readonly Row<ProgramSample>[] = [
  {
    name: 'hostd_program_state',
    type: 'gauge',
    help: `The state of a program by Supervisor's code: ${meanings}.`,
    of: ({ statecode }) => statecode,
  },
  {
    name: 'hostd_program_up',
    type: 'gauge',
    help: 'Whether a program is RUNNING.',
    of: ({ state }) => Number(state === 'RUNNING'),
  },
  {
    name: 'hostd_program_well',
    type: 'gauge',
    help: 'Whether a program is as it should be: it is RUNNING, sleeps until it is needed, or waits for its time and has not failed at the last one.',
    of: program => Number(isWell(program)),
  },
  {
    name: 'hostd_program_asleep',
    type: 'gauge',
    help: 'Whether a program sleeps until its next request.',
    of: ({ idle_since }) => Number(idle_since !== null),
  },
  {
    name: 'hostd_program_restarts',
    type: 'counter',
    help: 'Starts of a program after its first one: by itself, by a command or by a reload.',
    of: ({ restarts }) => restarts,
  },
  {
    name: 'hostd_program_start_time_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When the present run of a program was started, in Unix time.',
    of: ({ started }) => started,
  },
  {
    name: 'hostd_program_processes',
    type: 'gauge',
    help: 'Processes of a program.',
    of: ({ processes }) => processes,
  },
  {
    name: 'hostd_program_cpu_seconds',
    type: 'counter',
    unit: 'seconds',
    help: 'Processor time of all processes in the present run of a program.',
    of: ({ cpu_seconds }) => cpu_seconds,
  },
  {
    name: 'hostd_program_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Anonymous memory of all processes of a program, without the cache of files: as its cgroup counts it, else the sum over the processes, in which memory that several share counts in each.',
    of: ({ memory_bytes }) => memory_bytes,
  },
  {
    name: 'hostd_program_last_run_successful',
    type: 'gauge',
    help: 'Whether the last run of a scheduled program ended well.',
    of: ({ schedule }) => (schedule?.last == null ? null : Number(schedule.last.result === 'ok')),
  },
  {
    name: 'hostd_program_last_run_start_time_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When the last run of a scheduled program was started, in Unix time.',
    of: ({ schedule }) => schedule?.last?.started ?? null,
  },
  {
    name: 'hostd_program_last_run_duration_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'How long the last run of a scheduled program took.',
    of: ({ schedule }) => schedule?.last?.seconds ?? null,
  },
  {
    name: 'hostd_program_next_run_start_time_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When a scheduled program is run next, in Unix time.',
    of: ({ schedule }) => schedule?.next ?? null,
  },
];

/** A counter's variants by status. */
function byStatus(label: string, names: readonly string[]): readonly Variant[] {
  return names.map(name => ({ suffix: '_total', labels: { [label]: name } }));
}

const byClass = byStatus('code', ['1xx', '2xx', '3xx', '4xx', '5xx']);
const classesOf = (site: PlainSite) => counts(site, at.classes, byClass.length);

const sumAndCount: readonly Variant[] = ['_sum', '_count'].map(suffix => ({ suffix, labels: null }));

const siteRows: readonly Row<PlainSite>[] = [
  {
    name: 'hostd_site_requests',
    type: 'counter',
    help: 'Requests to a site whose answer has ended, by class of status.',
    variants: byClass,
    of: classesOf,
  },
  {
    name: 'hostd_site_requests_by_status',
    type: 'counter',
    help: 'Requests to a site that ended with one of these statuses: 499 the client went away, 502 the app failed, 503 it was not there or had no room, 504 it took too long. They are in their class, too.',
    variants: byStatus('status', statusesApart.map(String)),
    of: site => counts(site, at.apart, statusesApart.length),
  },
  {
    name: 'hostd_site_request_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from the complete header of a request to the end of its answer. WebSockets are left out.',
    variants: [
      ...boundsMs.map(bound => ({ suffix: '_bucket', labels: { le: decimal(bound / 1000) } })),
      { suffix: '_bucket', labels: { le: '+Inf' } },
      ...sumAndCount,
    ],
    of: site => {
      const buckets = upwards(counts(site, at.latency, boundsMs.length + 1));
      return [...buckets, count(site, at.latencySum) / 1000, buckets.at(-1) ?? 0];
    },
  },
  {
    name: 'hostd_site_app_first_byte_seconds',
    type: 'summary',
    unit: 'seconds',
    help: "Time from the connection to the app to the end of its answer's header.",
    variants: sumAndCount,
    of: site => [
      count(site, at.firstByteSum) / 1000,
      upwards(counts(site, at.firstByte, boundsMs.length + 1)).at(-1) ?? 0,
    ],
  },
  {
    name: 'hostd_site_requests_in_flight',
    type: 'gauge',
    help: 'Requests to a site whose answer has not ended. WebSockets are left out.',
    of: site => count(site, at.open),
  },
  {
    name: 'hostd_site_websockets',
    type: 'gauge',
    help: 'Open WebSockets of a site.',
    of: site => count(site, at.tunnels),
  },
  {
    name: 'hostd_site_requests_waiting',
    type: 'gauge',
    help: "Requests that wait for the app's answer.",
    of: ({ waiting_requests }) => waiting_requests,
  },
  {
    name: 'hostd_site_oldest_waiting_request_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: "For how long the oldest of the requests that wait for the app's answer has waited; 0: none waits.",
    of: ({ oldest_request_seconds }) => oldest_request_seconds ?? 0,
  },
  {
    name: 'hostd_site_queue_wait_seconds',
    type: 'summary',
    unit: 'seconds',
    help: 'Requests that did not get a connection to the app at once: how many, and how long they waited.',
    variants: sumAndCount,
    of: site => [count(site, at.waitedSum) / 1000, count(site, at.waited)],
  },
  {
    name: 'hostd_site_received_bytes',
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes of request bodies, and from WebSockets that have ended.',
    of: site => count(site, at.received),
  },
  {
    name: 'hostd_site_sent_bytes',
    type: 'counter',
    unit: 'bytes',
    help: "Bytes of answers' bodies, and to WebSockets that have ended.",
    of: site => count(site, at.sent),
  },
  {
    name: 'hostd_site_maintenance',
    type: 'gauge',
    help: 'Whether a site shows its maintenance page.',
    of: ({ maintenance }) => Number(maintenance),
  },
  {
    name: 'hostd_certificate_not_after_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When the certificate ends that a site is served with, in Unix time.',
    of: ({ certificate_ends }) => certificate_ends,
  },
  {
    name: 'hostd_certificate_bad',
    type: 'gauge',
    help: "Whether something is wrong with a site's certificate: hostctl status says what.",
    of: ({ certificate_ends, certificate_bad }) =>
      certificate_ends === null && !certificate_bad ? null : Number(certificate_bad),
  },
];

const unroutedRows: readonly Row<PlainSite>[] = [
  {
    name: 'hostd_unrouted_requests',
    type: 'counter',
    help: 'Requests that were refused before their site was known, by class of status.',
    variants: byClass,
    of: classesOf,
  },
];

function count({ row }: PlainSite, place: number): number {
  return row[place] ?? 0;
}

function counts(site: PlainSite, first: number, length: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < length; i++) found.push(count(site, first + i));
  return found;
}

/** Each bucket with those below it; the last is the count of all. */
function upwards(buckets: number[]): number[] {
  let below = 0;
  return buckets.map(one => (below += one));
}

/** OpenMetrics wants a bound with its point: "1.0". The other format takes it, and the series stay the same. */
function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
