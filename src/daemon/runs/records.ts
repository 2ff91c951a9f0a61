// What the next hostd finds of this one: live runs, stopped programs, what scheduled ones have run, pairs of
// certificates, the configuration in force. Each is a small file that is replaced as a whole. A run is written down before any of the
// program's own code runs, so no run is lost.

import { readdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, HostdError } from '../../errors.ts';
import type { Memory } from '../../lifecycle/schedule.ts';
import { bootId, hasEnvironment, identify, type ProcessId } from '../../linux/procfs.ts';
import { completedHost } from '../../model/assemble.ts';
import type { Host, Program } from '../../model/host.ts';
import { completed } from '../../model/supervision.ts';
import { defaultRetryAfter, type Maintenance, type Pem } from '../../protocol/worker.ts';
import { quoteWord } from '../../words/shlex.ts';
import { ownPaths } from '../own/own-files.ts';
import type { SocketId } from '../sockets/socket-identity.ts';

export interface Record {
  readonly version: 1;
  readonly name: string;
  readonly run: number;
  readonly process: ProcessId;
  readonly cgroup: string | null;
  /** Unix time in milliseconds. */
  readonly startedAt: number;
  /** "HOSTD_RUN=...", in the environment of everything that the run has started. */
  readonly marker: string;
  /** The sockets that the run was given. hostd 0.1.0 did not write them down. */
  readonly sockets?: readonly SocketId[];
  /** The program as it was when the run was started. It has the environment in it, hence mode 0600. */
  readonly program: Program;
  /** The run is a trial (fleet/trial.ts), not the program itself. */
  readonly isTrial?: boolean;
  /** It only holds the socket of a program that sleeps (fleet/keeper.ts). */
  readonly isKeeper?: boolean;
}

export interface Records {
  write(record: Record): void;
  remove(name: string, run: number): void;
  /** Notes that a command has stopped a program, so that the next hostd does not start it; or that it is wanted again. */
  setStopped(name: string, stopped: boolean): void;
  /** The programs that were stopped by a command since the machine's boot. */
  stopped(): Set<string>;
  /** Of a full stop: the next start is a fresh one, for what slept too. */
  forgetStopped(): void;
  /** Notes that a program sleeps, or is about to, and since when (Unix time in milliseconds); null: it does not. */
  setAsleep(name: string, since: number | null): void;
  /** The programs that have slept since the machine's boot, with since when. */
  asleep(): ReadonlyMap<string, number>;
  /** Notes that the app's site is in maintenance, or (null) no longer. The note outlasts restarts and reboots. */
  setMaintenance(app: string, maintenance: Maintenance | null): void;
  /** By app. */
  maintenance(): ReadonlyMap<string, Maintenance>;
  /** Notes the pair that a site is served with, for the next hostd, which may find a broken one; or (null) that it has none. */
  setPair(site: string, pair: Pem | null): void;
  /** By site. */
  pairs(): ReadonlyMap<string, Pem>;
  /** Notes what a scheduled program has run; or (null) that it has no schedule any more. */
  setSchedule(name: string, memory: Memory | null): void;
  /** null: nothing is known. */
  schedule(name: string): Memory | null;
  /** Notes the configuration in force, for the next hostd, which may find a broken one. */
  writeHost(host: Host): void;
  readHost(): Host | null;
  /** Takes over runs that another daemon has started: all of them in one step, or none. The next read() has them. */
  receive(records: readonly Record[]): void;
  /** Every readable record of a daemon that may be writing others meanwhile. Changes nothing. */
  peek(): readonly Record[];
  /** Every readable record, and the names of the files that are not. */
  read(): { records: Record[]; broken: string[] };
}

/** Opens the records below `stateDir`. Their directories exist and are root's alone (own-files.ts). */
export function openRecords(stateDir: string): Records {
  const paths = ownPaths({ stateDir, runtimeDir: '' });
  const {
    runs: directory,
    stopped,
    asleep,
    maintenance: maintained,
    certificates,
    schedules,
    host,
    received,
  } = paths;
  const file = (name: string, run: number) => join(directory, `${name}.${run}.json`);
  const write = (record: Record) => replace(file(record.name, record.run), JSON.stringify(record));
  return {
    write,
    remove(name, run) {
      try {
        unlinkSync(file(name, run));
      } catch {
        // A record of a run that has ended does no harm: records are compared with what runs.
      }
    },
    setStopped(name, is) {
      if (is) replace(join(stopped, name), bootId());
      else rmSync(join(stopped, name), { force: true });
    },
    stopped: () =>
      new Set(namesIn(stopped).filter(name => readFileSync(join(stopped, name), 'utf8') === bootId())),
    forgetStopped() {
      for (const directory of [stopped, asleep])
        for (const name of namesIn(directory)) rmSync(join(directory, name));
    },
    setAsleep(name, since) {
      note(join(asleep, name), since === null ? null : { boot: bootId(), since });
    },
    asleep: () =>
      new Map(
        namesIn(asleep).flatMap((name): [string, number][] => {
          const since = readAsleep(join(asleep, name));
          return since === null ? [] : [[name, since]];
        }),
      ),
    setMaintenance(app, maintenance) {
      note(join(maintained, app), maintenance);
    },
    maintenance: () =>
      new Map(namesIn(maintained).map(name => [name, readMaintenance(join(maintained, name))])),
    setPair(site, pair) {
      note(join(certificates, site), pair);
    },
    pairs: () =>
      new Map(
        namesIn(certificates).flatMap((name): [string, Pem][] => {
          const pair = readPair(join(certificates, name));
          return pair === null ? [] : [[name, pair]];
        }),
      ),
    setSchedule(name, memory) {
      note(join(schedules, name), memory);
    },
    schedule: name => readMemory(join(schedules, name)),
    writeHost: value => replace(host, JSON.stringify(value)),
    readHost() {
      try {
        return completedHost(JSON.parse(readFileSync(host, 'utf8')) as Host);
      } catch {
        return null;
      }
    },
    peek: () =>
      namesIn(directory)
        .filter(name => name.endsWith('.json'))
        .sort()
        .flatMap(name => parse(join(directory, name)) ?? []),
    receive: records => replace(received, JSON.stringify(records)),
    read() {
      for (const record of readReceived(received)) write(asSeenHere(record));
      rmSync(received, { force: true });
      const records: Record[] = [];
      const broken: string[] = [];
      for (const name of readdirSync(directory).sort()) {
        const path = join(directory, name);
        const record = name.endsWith('.json') ? parse(path) : null;
        if (record !== null) records.push(record);
        else {
          broken.push(path);
          rmSync(path, { force: true });
        }
      }
      return { records, broken };
    },
  };
}

/** The names in a directory, without drafts that a crash has left. */
function namesIn(directory: string): string[] {
  return readdirSync(directory).filter(name => !name.startsWith('.'));
}

function note(path: string, value: object | null): void {
  if (value === null) rmSync(path, { force: true });
  else replace(path, JSON.stringify(value));
}

function replace(path: string, text: string): void {
  // A draft's name begins with a dot, as no program's or app's name does.
  const draft = join(dirname(path), `.${basename(path)}.new`);
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, path);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw cause;
    throw new HostdError('failed', `cannot write "${path}": no space is left there (${code})`, {
      hint: `df -h ${quoteWord(dirname(path))}, then: du -xh ${quoteWord(dirname(path))} | sort -h | tail`,
      cause,
    });
  }
}

/** Each is judged when it is read by itself. */
function readReceived(path: string): readonly Record[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record[];
  } catch {
    return [];
  }
}

/**
 * In a container, a service may see another boot id than a shell does: systemd-nspawn lays a file over it, which is not in the mount
 * namespace of a service with ProtectKernelTunables. The run's own mark says as well that this is the process.
 */
function asSeenHere(record: Record): Record {
  const { pid, starttime } = record.process;
  const here = identify(pid);
  const isIt = here?.starttime === starttime && hasEnvironment(pid, record.marker);
  return isIt ? { ...record, process: here } : record;
}

/** null: of an earlier boot, or half written. */
function readAsleep(path: string): number | null {
  try {
    const { boot, since } = JSON.parse(readFileSync(path, 'utf8')) as { boot: unknown; since: unknown };
    return boot === bootId() && typeof since === 'number' ? since : null;
  } catch {
    return null;
  }
}

function readPair(path: string): Pem | null {
  try {
    const { certificate, key } = JSON.parse(readFileSync(path, 'utf8')) as Pem;
    return typeof certificate === 'string' && typeof key === 'string' ? { certificate, key } : null;
  } catch {
    return null;
  }
}

function readMemory(path: string): Memory | null {
  try {
    const memory = JSON.parse(readFileSync(path, 'utf8')) as Memory;
    const isTime = (value: unknown) => value === null || Number.isSafeInteger(value);
    const { rule, upTo, begun, last } = memory;
    const isSound = typeof rule === 'string' && isTime(upTo) && isTime(begun) && typeof last === 'object';
    return isSound ? memory : null;
  } catch {
    return null;
  }
}

/** A file that is there means maintenance, whatever it says. */
function readMaintenance(path: string): Maintenance {
  try {
    const { retryAfter } = JSON.parse(readFileSync(path, 'utf8')) as Maintenance;
    if (Number.isSafeInteger(retryAfter) && retryAfter > 0) return { retryAfter };
  } catch {
    // The file is half written, or was edited by hand.
  }
  return { retryAfter: defaultRetryAfter };
}

function parse(path: string): Record | null {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Record;
    const sound =
      value.version === 1 &&
      typeof value.name === 'string' &&
      Number.isSafeInteger(value.run) &&
      Number.isSafeInteger(value.process.pid) &&
      value.process.pid > 1 &&
      Number.isSafeInteger(value.process.starttime) &&
      typeof value.process.bootId === 'string' &&
      typeof value.program.name === 'string';
    return sound ? { ...value, program: completed(value.program) } : null;
  } catch {
    return null;
  }
}
