// Takes a sample: what hostd, its programs and their sites have used and done so far. It is taken when somebody asks; several who ask
// at the same time get the same. Nothing of it is kept, and nothing is counted for it while nobody asks.

import { readFileSync } from 'node:fs';
import type { Problem } from '../../model/problem.ts';
import type {
  HostdSample,
  MemoryKind,
  PlainSample,
  PlainSite,
  ProgramSample,
} from '../../protocol/sample.ts';
import type { Entry } from '../fleet/loop.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import { statusOf, type Unit } from '../fleet/unit.ts';
import { waitingIn } from '../fleet/waiting.ts';
import type { Journal } from '../journal/journal.ts';
import type { Disks } from '../logs/disks.ts';
import type { Certificates } from '../proxies/certificates.ts';
import type { Records } from '../runs/records.ts';
import type { Schedules } from '../schedules/schedules.ts';
import { makeBreather } from './breather.ts';
import { lookAtUses, type Use, type Uses } from './use.ts';

/** Milliseconds of work before others have their turns. */
const longestTurn = 5;

export interface SamplesContext {
  readonly supervisor: Supervisor;
  readonly records: Pick<Records, 'maintenance'>;
  readonly certificates: Pick<Certificates, 'states'>;
  readonly schedules: Pick<Schedules, 'note'>;
  readonly journal: Pick<Journal, 'hear'>;
  readonly disks: Pick<Disks, 'now'>;
}

export interface Samples {
  /** `exact`: memory that processes share is divided among them, at the price of a longer look. */
  take(exact: boolean): Promise<PlainSample>;
}

/** `problems`: of the configuration that hostd has started with. */
export function makeSamples(context: SamplesContext, problems: readonly Problem[]): Samples {
  const configuration = followConfiguration(context.journal, problems);
  const under = new Map<boolean, Promise<PlainSample>>();
  return {
    take(exact) {
      const other = under.get(exact);
      if (other !== undefined) return other;
      const sample = take(context, configuration(), exact).finally(() => under.delete(exact));
      under.set(exact, sample);
      return sample;
    },
  };
}

async function take(
  context: SamplesContext,
  configuration: HostdSample['configuration'],
  exact: boolean,
): Promise<PlainSample> {
  const { supervisor } = context;
  const uses = lookAtUses(exact, makeBreather(longestTurn));
  const programs: ProgramSample[] = [];
  for (const { name } of supervisor.units().map(({ program }) => program)) {
    const entry = supervisor.loop.entries.get(name);
    const unit = supervisor.unit(name);
    // It may have been removed meanwhile.
    if (entry === undefined || unit === undefined) continue;
    programs.push(await programSample(context, entry, unit, uses));
  }
  // At the same moment as the clock.
  return {
    time: Date.now() / 1000,
    clock: performance.now() / 1000,
    hostd: hostdSample(configuration, context.disks.now()),
    programs: programs.sort(byName),
    sites: sitesNow(context),
  };
}

async function programSample(
  { schedules }: SamplesContext,
  entry: Entry,
  unit: Unit,
  uses: Uses,
): Promise<ProgramSample> {
  const own = unit.run === null ? null : await uses.of(unit.run);
  const others: Use[] = [];
  for (const { run } of entry.units.values())
    if (run !== null && run !== unit.run) others.push(await uses.of(run));
  const all = own === null ? others : [own, ...others];
  const { program } = unit;
  const status = schedules.note(statusOf(unit, performance.now()));
  const { name, app, group, state, statecode, pid, uptime_seconds, started, run, idle_since, schedule } =
    status;
  return {
    name,
    app,
    group,
    kind: program.kind,
    state,
    statecode,
    pid,
    uptime_seconds,
    started: pid === null ? null : started,
    restarts: Math.max(0, run - 1),
    idle_since,
    processes: all.reduce((sum, { processes }) => sum + processes, 0),
    cpu_seconds: own?.cpuSeconds ?? null,
    ...memoryOf(all),
    schedule,
  };
}

/** The sum, and the least exact way in which any of it was measured. */
function memoryOf(all: readonly Use[]): Pick<ProgramSample, 'memory_bytes' | 'memory_kind'> {
  const known = all.flatMap(({ memory }) => memory ?? []);
  const kinds: readonly MemoryKind[] = ['resident', 'proportional', 'cgroup'];
  return {
    memory_bytes: known.length === 0 ? null : known.reduce((sum, { bytes }) => sum + bytes, 0),
    memory_kind: kinds.find(kind => known.some(one => one.kind === kind)) ?? null,
  };
}

function sitesNow({ supervisor, records, certificates }: SamplesContext): PlainSite[] {
  const known = supervisor.host().sites.map(site => site.name);
  const names = [...known.sort(), null];
  const maintenance = records.maintenance();
  const states = certificates.states();
  const waiting = waitingIn(supervisor.units(), Math.floor(Date.now() / 1000));
  const rows = supervisor.traffic.rows(names);
  return names.map((site, i) => {
    const name = site ?? '';
    const row = rows[i];
    const { until = null, fault = null } = states.get(name) ?? {};
    return {
      name: site,
      row: row?.some(number => number !== 0) ? [...row] : [],
      waiting_requests: waiting.get(name)?.requests ?? 0,
      oldest_request_seconds: waiting.get(name)?.seconds ?? null,
      maintenance: maintenance.has(name),
      certificate_ends: until === null ? null : Math.floor(until / 1000),
      certificate_bad: fault !== null,
    };
  });
}

function hostdSample(configuration: HostdSample['configuration'], disks: HostdSample['disks']): HostdSample {
  const { user, system } = process.cpuUsage();
  return {
    version: ownVersion(),
    pid: process.pid,
    started: Math.floor(performance.timeOrigin / 1000),
    cpu_seconds: (user + system) / 1e6,
    memory_bytes: process.memoryUsage.rss(),
    configuration,
    disks,
  };
}

/** When the configuration in force was read, and whether all of it could be used. */
function followConfiguration(
  journal: Pick<Journal, 'hear'>,
  problems: readonly Problem[],
): () => HostdSample['configuration'] {
  let loaded = Math.floor(performance.timeOrigin / 1000);
  let good = problems.every(({ severity }) => severity !== 'error');
  journal.hear(({ kind }, at) => {
    if (kind === 'config-problem') good = false;
    if (kind !== 'updated') return;
    loaded = Math.floor(at / 1000);
    good = true;
  });
  return () => ({ loaded, good });
}

let cachedVersion: string | undefined;

/** Of the version that runs. A newer one may be on the disk by the time of the first sample, until hostd becomes it. */
function ownVersion(): string {
  cachedVersion ??= readVersion();
  return cachedVersion;
}

function readVersion(): string {
  try {
    const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}

function byName(a: ProgramSample, b: ProgramSample): number {
  const left = `${a.group}\0${a.name}`;
  const right = `${b.group}\0${b.name}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
