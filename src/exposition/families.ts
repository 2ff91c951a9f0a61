// A sample as families of metrics, named by Prometheus' conventions (prometheus.io/docs/practices/naming): what each is called, what it
// means, and its series. Pure. How they are written is text.ts's.

import { type StateName, stateCodes } from '../model/state.ts';
import type { HostdSample, ProgramSample, Sample, SiteSample } from '../protocol/sample.ts';
import { boundsMs, type Histogram } from '../protocol/traffic.ts';
import { isWell } from '../protocol/well.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Family {
  /** Without "_total". */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram' | 'summary' | 'info';
  /** The end of the name, where that is a unit. */
  readonly unit?: 'seconds' | 'bytes';
  readonly help: string;
  readonly series: readonly Series[];
}

/** One line: the family's name with this behind it, labels, and the value. */
export interface Series {
  readonly suffix: string;
  /** All of them. The same object stands for the same labels, so that their text need be made only once. */
  readonly labels: readonly Labels[];
  readonly value: number;
}

/** The families that have any series. */
export function familiesOf({ hostd, programs, sites }: Sample): readonly Family[] {
  const named = sites.filter(({ name }) => name !== null);
  const unrouted = sites.filter(({ name }) => name === null);
  const ofPrograms = programs.map(program => labelled(program, programLabels(program)));
  const ofSites = named.map(site => labelled(site, siteLabels(site)));
  return [
    ...hostdFamilies(hostd),
    ...programRows.map(row => familyOf(row, ofPrograms)),
    ...siteRows.map(row => familyOf(row, ofSites)),
    ...unroutedRows.map(row =>
      familyOf(
        row,
        unrouted.map(site => labelled(site, null)),
      ),
    ),
  ].filter(({ series }) => series.length > 0);
}

/** A family, and what each thing has of it. */
interface Row<T> extends Omit<Family, 'series'> {
  /** null: it has none. */
  readonly of: (thing: T) => number | null | readonly Series[];
}

interface Labelled<T> {
  readonly thing: T;
  readonly labels: readonly Labels[];
}

function labelled<T>(thing: T, labels: Labels | null): Labelled<T> {
  return { thing, labels: labels === null ? [] : [labels] };
}

function familyOf<T>({ of, ...family }: Row<T>, things: readonly Labelled<T>[]): Family {
  const suffix = family.type === 'counter' ? '_total' : '';
  const series: Series[] = [];
  for (const { thing, labels } of things) {
    const found = of(thing);
    if (typeof found === 'number') series.push({ suffix, labels, value: found });
    else if (found !== null)
      for (const one of found)
        series.push({ suffix: one.suffix, labels: [...labels, ...one.labels], value: one.value });
  }
  return { ...family, series };
}

function programLabels({ name, app, group }: ProgramSample): Labels {
  return { program: name, group, ...(app === null ? {} : { app }) };
}

function siteLabels({ name }: SiteSample): Labels {
  return { site: name ?? '' };
}

function hostdFamilies(hostd: HostdSample): Family[] {
  const rows: readonly Row<HostdSample>[] = [
    {
      name: 'hostd_build',
      type: 'info',
      help: 'The version of hostd that runs.',
      of: ({ version }) => [{ suffix: '_info', labels: [{ version }], value: 1 }],
    },
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
  return rows.map(row => familyOf(row, [labelled(hostd, null)]));
}

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
    help: 'Anonymous memory of all processes of a program, without the cache of files.',
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

const classes = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const apart = ['499', '502', '503', '504'] as const;

/** A counter's series for each of these statuses. */
function byStatus(names: readonly string[], label: string) {
  const all = names.map(name => ({ name, labels: [{ [label]: name }] }));
  return ({ statuses }: SiteSample): Series[] =>
    all.map(({ name, labels }) => ({ suffix: '_total', labels, value: statuses[name] ?? 0 }));
}

const siteRows: readonly Row<SiteSample>[] = [
  {
    name: 'hostd_site_requests',
    type: 'counter',
    help: 'Requests to a site whose answer has ended, by class of status.',
    of: byStatus(classes, 'code'),
  },
  {
    name: 'hostd_site_requests_by_status',
    type: 'counter',
    help: 'Requests to a site that ended with one of these statuses: 499 the client went away, 502 the app failed, 503 it was not there or had no room, 504 it took too long. They are in their class, too.',
    of: byStatus(apart, 'status'),
  },
  {
    name: 'hostd_site_request_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from the complete header of a request to the end of its answer. WebSockets are left out.',
    of: ({ latency_ms }) => histogram(latency_ms),
  },
  {
    name: 'hostd_site_app_first_byte_seconds',
    type: 'summary',
    unit: 'seconds',
    help: "Time from the connection to the app to the end of its answer's header.",
    of: ({ first_byte_ms: { count, sum } }) => [
      { suffix: '_sum', labels: [], value: sum / 1000 },
      { suffix: '_count', labels: [], value: count },
    ],
  },
  {
    name: 'hostd_site_requests_in_flight',
    type: 'gauge',
    help: 'Requests to a site whose answer has not ended. WebSockets are left out.',
    of: ({ open_requests }) => open_requests,
  },
  {
    name: 'hostd_site_websockets',
    type: 'gauge',
    help: 'Open WebSockets of a site.',
    of: ({ open_tunnels }) => open_tunnels,
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
    of: ({ queue_ms: { count, sum } }) => [
      { suffix: '_sum', labels: [], value: sum / 1000 },
      { suffix: '_count', labels: [], value: count },
    ],
  },
  {
    name: 'hostd_site_received_bytes',
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes of request bodies, and from WebSockets that have ended.',
    of: ({ received_bytes }) => received_bytes,
  },
  {
    name: 'hostd_site_sent_bytes',
    type: 'counter',
    unit: 'bytes',
    help: "Bytes of answers' bodies, and to WebSockets that have ended.",
    of: ({ sent_bytes }) => sent_bytes,
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

const unroutedRows: readonly Row<SiteSample>[] = [
  {
    name: 'hostd_unrouted_requests',
    type: 'counter',
    help: 'Requests that were refused before their site was known, by class of status.',
    of: byStatus(classes, 'code'),
  },
];

const boundLabels: readonly (readonly Labels[])[] = boundsMs.map(bound => [{ le: decimal(bound / 1000) }]);
const beyond: readonly Labels[] = [{ le: '+Inf' }];

/** Its buckets in seconds, each with those below it. */
function histogram({ count, sum, buckets }: Histogram): Series[] {
  let below = 0;
  const cumulated = boundsMs.map((bound, index) => {
    below += buckets[bound] ?? 0;
    return { suffix: '_bucket', labels: boundLabels[index] ?? [], value: below };
  });
  return [
    ...cumulated,
    { suffix: '_bucket', labels: beyond, value: count },
    { suffix: '_sum', labels: [], value: sum / 1000 },
    { suffix: '_count', labels: [], value: count },
  ];
}

/** OpenMetrics wants a bound with its point: "1.0". The other format takes it, and the series stay the same. */
function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
