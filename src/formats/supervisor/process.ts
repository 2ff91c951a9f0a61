// From one section of Supervisor's file to its processes: every value is read and expanded as in Supervisor, for each process.

import type { Listener, Program } from '../../model/host.ts';
import type { Place } from '../../model/problem.ts';
import { type Ini, type IniError, type IniSection, iniValue } from '../../supervisord/config/ini.ts';
import {
  autorestart,
  boolean,
  byteSize,
  exitCodes,
  listOfStrings,
  plainName,
} from '../../words/datatypes.ts';
import { format, int, PythonError } from '../../words/python.ts';
import { environmentPairs, knownPairs, signal, umask } from './values.ts';

export type SectionKind = 'program' | 'eventlistener' | 'fcgi-program';

/** Names for expansions besides the program's own: ENV_X, host_node_name. */
export type Expansions = Readonly<Record<string, string | number>>;

/** A log's path, "AUTO", or null for no log. */
export interface ProcessLog {
  readonly path: string | null;
  readonly maxBytes: number;
  readonly backups: number;
  readonly events: boolean;
  readonly captureBytes: number;
  readonly syslog: boolean;
}

export interface Process
  extends Pick<
    Program,
    | 'priority'
    | 'autostart'
    | 'autorestart'
    | 'startsecs'
    | 'exitcodes'
    | 'stopsignal'
    | 'stopwaitsecs'
    | 'stopasgroup'
    | 'killasgroup'
    | 'directory'
    | 'user'
  > {
  readonly name: string;
  readonly number: number;
  /** One text: Supervisor splits it into words when it starts the process. */
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly startretries: number;
  readonly umask: number | null;
  readonly redirectStderr: boolean;
  readonly stdout: ProcessLog;
  readonly stderr: ProcessLog;
  /** Settings of an event listener; null: the program is none. */
  readonly listener: Listener | null;
}

export function prefixed(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [`ENV_${name}`, value]));
}

/** Reads keys of one section. `at` moves along, so that an error has its key's place. */
export interface Reader {
  readonly ini: Ini;
  readonly section: IniSection;
  readonly base: Expansions;
  at: Place;
  /** Called with each variable that is left out, such as one that is made from an unknown one. Absent: that is an error. */
  readonly without?: (name: string, why: string, at: Place) => void;
  /** Keys that were read. Supervisor ignores the others. */
  readonly asked: Set<string>;
}

export function attemptAt<T>(reader: Reader, errors: IniError[], act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    errors.push({ at: reader.at, message: `[${reader.section.name}]: ${error.message}` });
    return null;
  }
}

function raw(reader: Reader, key: string): string | null {
  reader.asked.add(key);
  const value = iniValue(reader.ini, reader.section, key);
  reader.at = value?.at ?? reader.section.at;
  return value?.text ?? null;
}

function get<T>(
  reader: Reader,
  key: string,
  usual: string,
  convert: (text: string) => T,
  expansions: Expansions,
): T {
  const written = raw(reader, key);
  return convert(format(written ?? usual, { ...reader.base, ...expansions }));
}

function optional(reader: Reader, key: string, expansions: Expansions): string | null {
  const written = raw(reader, key);
  return written === null ? null : format(written, { ...reader.base, ...expansions });
}

export function readProcesses(
  reader: Reader,
  written: string,
  group: string | undefined,
  kind: SectionKind,
  global: Readonly<Record<string, string>>,
): readonly Process[] {
  const program = plainName(written);
  const own: Expansions = { program_name: program, group_name: group ?? program };
  const read = <T>(key: string, usual: string, convert: (text: string) => T) =>
    get(reader, key, usual, convert, own);
  const stopasgroup = read('stopasgroup', 'false', boolean);
  const killasgroup = read('killasgroup', String(stopasgroup), boolean);
  const common = {
    priority: read('priority', kind === 'eventlistener' ? '-1' : '999', int),
    autostart: read('autostart', 'true', boolean),
    autorestart: read('autorestart', 'unexpected', autorestart),
    startsecs: read('startsecs', '1', int),
    startretries: read('startretries', '3', int),
    exitcodes: read('exitcodes', '0', exitCodes),
    stopsignal: read('stopsignal', 'TERM', signal),
    stopwaitsecs: read('stopwaitsecs', '10', int),
    redirectStderr: read('redirect_stderr', 'false', boolean),
    user: optional(reader, 'user', own),
    umask: raw(reader, 'umask') === null ? null : read('umask', '022', umask),
    stopasgroup,
    killasgroup,
  };
  if (stopasgroup && !killasgroup) throw new PythonError('stopasgroup = true with killasgroup = false');
  if (kind === 'eventlistener' && common.redirectStderr)
    throw new PythonError('redirect_stderr = true in an event listener');
  const listener: Listener | null =
    kind === 'eventlistener'
      ? {
          events: listOfStrings(read('events', '', text => text)).map(event => event.toUpperCase()),
          bufferSize: read('buffer_size', '10', int),
        }
      : null;
  const count = read('numprocs', '1', int);
  const start = read('numprocs_start', '0', int);
  const nameWritten = plainName(raw(reader, 'process_name') ?? '%(program_name)s');
  if (count > 1 && !nameWritten.includes('%(process_num)'))
    throw new PythonError('process_name has no %(process_num), but numprocs is above 1');
  if (count > 10_000) throw new PythonError(`numprocs = ${count}`);
  return Array.from({ length: Math.max(0, count) }, (_, index) =>
    readProcess(
      reader,
      { ...own, process_num: start + index, numprocs: count },
      nameWritten,
      { ...common, listener },
      global,
    ),
  );
}

type Common = Omit<
  Process,
  'name' | 'number' | 'command' | 'environment' | 'directory' | 'stdout' | 'stderr'
>;

function readProcess(
  reader: Reader,
  own: Expansions,
  nameWritten: string,
  common: Common,
  global: Readonly<Record<string, string>>,
): Process {
  const environment = readEnvironment(reader, { ...own, ...reader.base });
  const expansions = { ...own, ...reader.base, ...prefixed(environment) };
  const directory = optional(reader, 'directory', expansions);
  const stdout = readLog(reader, 'stdout', expansions);
  const stderr = readLog(reader, 'stderr', expansions);
  const command = optional(reader, 'command', expansions);
  if (command === null) throw new PythonError('there is no command');
  return {
    ...common,
    name: format(nameWritten, expansions),
    number: Number(own['process_num'] ?? 0),
    command,
    directory,
    environment: { ...global, ...environment },
    stdout,
    stderr: common.redirectStderr ? { ...stderr, path: null } : stderr,
  };
}

function readEnvironment(reader: Reader, expansions: Expansions): Readonly<Record<string, string>> {
  const text = raw(reader, 'environment') ?? '';
  const { without, at } = reader;
  return without === undefined
    ? environmentPairs(text, expansions)
    : knownPairs(text, expansions, (name, why) => without(name, why, at));
}

/** Expands the path twice, as 4.2.5 does. */
function readLog(reader: Reader, stream: 'stdout' | 'stderr', expansions: Expansions): ProcessLog {
  const once = optional(reader, `${stream}_logfile`, expansions);
  const path = once === null ? 'AUTO' : format(once, { ...reader.base, ...expansions });
  const word = path.toLowerCase();
  return {
    path: ['none', 'off', 'syslog'].includes(word) ? null : word === 'auto' ? 'AUTO' : path,
    events: get(reader, `${stream}_events_enabled`, 'false', boolean, expansions),
    captureBytes: get(reader, `${stream}_capture_maxbytes`, '0', byteSize, expansions),
    syslog: word === 'syslog' || get(reader, `${stream}_syslog`, 'false', boolean, expansions),
    maxBytes: get(reader, `${stream}_logfile_maxbytes`, '50MB', byteSize, expansions),
    backups: get(reader, `${stream}_logfile_backups`, '10', int, expansions),
  };
}
