// The open logs of all programs and sites: which run has which log, and who follows it.

import { messageOf } from '../../errors.ts';
import type { Owner } from '../../linux/paths.ts';
import type { Host, Program } from '../../model/host.ts';
import { usualLog } from '../../model/supervision.ts';
import type { Tell } from '../events/bus.ts';
import type { Unit } from '../fleet/unit.ts';
import type { Logger } from '../own/log.ts';
import { logOwnerOf } from '../runs/launch.ts';
import type { Run } from '../runs/run.ts';
import { makeCompressor } from './compress.ts';
import { type Followers, makeFollowers } from './followers.ts';
import type { KeptLog } from './kept-log.ts';
import { makeStopper } from './stop.ts';
import { type LogSource, WatchedLog, type WatchedLogContext } from './watched-log.ts';

export interface Logs {
  readonly followers: Followers;
  /** From now on the logs that the unit's run has open are kept to their size and age. */
  attach(unit: Unit, run: Run): void;
  /** The run has ended. */
  detach(run: Run): void;
  /** A log of this program, or of its site, whose disk is full; null: there is none. */
  withoutRoom(name: string): string | null;
  /** The logs of these programs, opened for the caller where no program runs; null: all that are open. */
  of(units: readonly Unit[] | null): { readonly logs: readonly KeptLog[]; close(): void };
}

export interface LogsContext {
  readonly stateDir: string;
  readonly host: () => Host;
  readonly log: Logger;
  readonly tell: Tell;
  /** The logs of live runs that hostd itself writes. */
  readonly written: () => readonly KeptLog[];
  /** Called when a log has been written to, now and then. */
  readonly onWritten?: () => void;
  /** Whether backups stay uncompressed, as with Supervisor. */
  readonly plainBackups?: boolean;
}

/** First lets go on what a killed hostd has left stopped while it rotated a log. */
export function makeLogs(given: LogsContext): Logs {
  const { stateDir, host, log, tell, written, onWritten = () => {}, plainBackups } = given;
  const logs = new Map<string, WatchedLog>();
  const said = new Set<string>();
  const say: WatchedLogContext['say'] = (level, name, message, kind) => {
    log[level]({ program: name }, message);
    if (kind !== undefined) tell({ kind, name, cause: message.split('\n', 1)[0] ?? '' });
  };
  const sayOnce = (name: string, message: string) => {
    if (said.has(message)) return;
    said.add(message);
    say('warn', name, message, 'log-trouble');
  };
  const followers = makeFollowers();
  const context: WatchedLogContext = {
    followers,
    inTurn: makeTurns(),
    stopper: makeStopper(stateDir),
    say,
    written: onWritten,
    compressor: plainBackups
      ? { add: () => {} }
      : makeCompressor((path, error) =>
          sayOnce('hostd', `cannot compress the backups of "${path}": ${messageOf(error)}`),
        ),
  };
  const openLog = (source: LogSource, adopted: Run | null): WatchedLog | null => {
    try {
      return new WatchedLog(source, adopted, context);
    } catch (error) {
      sayOnce(source.name, `cannot rotate "${source.path}": ${messageOf(error)}`);
      return null;
    }
  };
  /** Closes the log once no rotation is due, unless a new run has it open by then. */
  const leave = async (watched: WatchedLog) => {
    await watched.rest();
    if (watched.runs.size > 0) return;
    if (logs.get(watched.source.path) === watched) logs.delete(watched.source.path);
    await watched.close();
  };
  return {
    followers,
    attach(unit, run) {
      for (const source of sourcesOf(unit, host(), run)) {
        let watched = logs.get(source.path) ?? null;
        // A new run opens the file that has the name now.
        if (watched !== null && run.status !== null && watched.isAnother()) {
          void watched.close();
          watched = null;
        }
        watched ??= openLog(source, run.status === null ? run : null);
        if (watched === null) continue;
        watched.source = source;
        watched.runs.add(run);
        logs.set(source.path, watched);
      }
    },
    detach(run) {
      for (const watched of logs.values())
        if (watched.runs.delete(run) && watched.runs.size === 0) void leave(watched);
    },
    withoutRoom(name) {
      const full = [...logs.values()].find(one => one.source.name === name && one.isWithoutRoom());
      return full?.source.path ?? null;
    },
    of(units) {
      if (units === null) return { logs: [...logs.values(), ...written()], close: () => {} };
      const names = new Set(units.map(unit => unit.program.name));
      const open = [...logs.values(), ...written()];
      const watched = open.filter(one => names.has(one.source.name));
      const paths = new Set(open.map(one => one.source.path));
      const idle = units
        .flatMap(unit => sourcesOf(unit, host(), null))
        .filter(({ path }) => !paths.has(path));
      const opened = idle.flatMap(source => openLog(source, null) ?? []);
      for (const one of opened) logs.set(one.source.path, one);
      return { logs: [...watched, ...opened], close: () => opened.forEach(one => void leave(one)) };
    },
  };
}

function makeTurns(): WatchedLogContext['inTurn'] {
  const last = new Map<string, Promise<unknown>>();
  return (path, work) => {
    const done = (last.get(path) ?? Promise.resolve()).then(work, work);
    last.set(path, done);
    const forget = () => {
      if (last.get(path) === done) last.delete(path);
    };
    done.then(forget, forget);
    return done;
  };
}

/** The logs that a run of this unit has open; null: those that any of its runs may have written. */
function sourcesOf(unit: Unit, host: Host, run: Run | null): LogSource[] {
  const own = (channel: 'stdout' | 'stderr'): LogSource[] => {
    const path = unit.program[channel]?.path ?? null;
    const owner = ownerOf(unit.program);
    const isPassed = run !== null && run.ends[channel] !== null;
    if (path === null || owner === null || isDevice(path) || isPassed) return [];
    const { name } = unit.program;
    return [{ name, path, owner, rules: () => unit.program[channel] ?? usualLog }];
  };
  const all = [...own('stdout'), ...own('stderr')];
  return unit.program.kind === 'proxy' ? [...all, ...siteSources(host)] : all;
}

/** hostd's own output, or a terminal, which is never rotated. Entries of /dev/shm are files. */
function isDevice(path: string): boolean {
  return /^\/(dev\/(?!shm\/)|proc\/)/.test(path);
}

/** null: the user was removed while the program runs, so nobody's rights can be used. */
function ownerOf(program: Program): Owner | null {
  try {
    return logOwnerOf(program);
  } catch {
    return null;
  }
}

/** The access and error logs of sites, which belong to the apps and are written by the proxy's workers. */
function siteSources(host: Host): LogSource[] {
  const apps = new Map(host.programs.map(program => [program.name, program]));
  return host.sites.flatMap(site => {
    const app = apps.get(site.name);
    const owner = app === undefined ? null : ownerOf(app);
    if (owner === null) return [];
    return [site.accessLog, site.errorLog].map(path => ({
      name: site.name,
      path,
      owner,
      rules: () => usualLog,
    }));
  });
}
