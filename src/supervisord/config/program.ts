// From one [program:x], [eventlistener:x] or [fcgi-program:x] to its processes, read in Supervisor's order: the first wrong value is
// reported.

import { repr, strip } from '../../words/python.ts';
import type { Channel, LogTarget, ProcessConfig } from './config.ts';
import { type Parser, value, written } from './parser.ts';
import { byCodePoint } from './paths.ts';
import {
  autorestart,
  boolean,
  byteSize,
  ConfigError,
  existingPath,
  exitCodes,
  expand,
  integer,
  keyValuePairs,
  octal,
  plainName,
  signalNumber,
  uidOf,
} from './values.ts';

/** More processes than this of one section are a mistake, and would use up the machine's memory. */
const mostProcesses = 100_000;

/** Reads a value of the section, or its default. */
type Get = <T>(key: string, usual: string, convert: (text: string) => T) => T;

/** @throws ConfigError that names the section and its file. */
export function processesOf(parser: Parser, section: string, group: string): readonly ProcessConfig[] {
  try {
    return readSection(parser, section, group);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const file = parser.files.get(section) ?? parser.file;
    throw new ConfigError(`${error.message} in section ${repr(section)} (file: ${repr(file)})`);
  }
}

/** The text after the first colon. */
export function nameOf(section: string): string {
  return section.slice(section.indexOf(':') + 1);
}

export function byPriority(
  left: { readonly priority: number; readonly name: string },
  right: { readonly priority: number; readonly name: string },
): number {
  return left.priority - right.priority || byCodePoint(left.name, right.name);
}

function readSection(parser: Parser, section: string, group: string): readonly ProcessConfig[] {
  const { machine } = parser;
  // As in Supervisor, all processes share these names, and each adds to them.
  const names: Record<string, string | number> = {
    here: parser.here,
    program_name: plainName(nameOf(section)),
    host_node_name: machine.hostName,
    group_name: group,
  };
  const get: Get = (key, usual, convert) => convert(value(parser, section, key, names) ?? usual);
  const maybe = (key: string) => value(parser, section, key, names);

  const priority = get('priority', '999', integer);
  const autostart = get('autostart', 'true', boolean);
  const restart = get('autorestart', 'unexpected', autorestart);
  const startsecs = get('startsecs', '1', integer);
  const startretries = get('startretries', '3', integer);
  const stopsignal = get('stopsignal', 'TERM', signalNumber);
  const stopwaitsecs = get('stopwaitsecs', '10', integer);
  const stopasgroup = get('stopasgroup', 'false', boolean);
  const killasgroup = get('killasgroup', String(stopasgroup), boolean);
  const exitcodes = get('exitcodes', '0', exitCodes);
  const redirectStderr = get('redirect_stderr', 'false', boolean);
  const count = get('numprocs', '1', integer);
  const first = get('numprocs_start', '0', integer);
  const environment = written(parser, section, 'environment') ?? '';
  const stdoutCapture = get('stdout_capture_maxbytes', '0', byteSize);
  const stdoutEvents = get('stdout_events_enabled', 'false', boolean);
  const stderrCapture = get('stderr_capture_maxbytes', '0', byteSize);
  const stderrEvents = get('stderr_events_enabled', 'false', boolean);
  const url = maybe('serverurl');
  const serverurl = url !== null && strip(url).toUpperCase() === 'AUTO' ? null : url;
  const user = maybe('user');
  const uid = user === null ? null : uidOf(user, machine);
  const mask = maybe('umask');
  const umask = mask === null ? null : octal(mask);
  const processName = plainName(written(parser, section, 'process_name') ?? '%(program_name)s');
  if (count > 1 && !processName.includes('%(process_num)'))
    throw new ConfigError('%(process_num) must be present within process_name when numprocs > 1');
  if (stopasgroup && !killasgroup) throw new ConfigError('Cannot set stopasgroup=true and killasgroup=false');
  if (count > mostProcesses) throw new ConfigError(`numprocs ${count} is more than ${mostProcesses}`);

  const processes: ProcessConfig[] = [];
  for (let number = first; number < first + count; number++) {
    Object.assign(names, { process_num: number, numprocs: count }, parser.names);
    const own = keyValuePairs(expand(environment, names, 'environment'));
    for (const [key, text] of own) names[`ENV_${key}`] = text;
    const directory = maybe('directory');
    const stdout = readChannel(parser, section, 'stdout', get, names);
    const stderr = readChannel(parser, section, 'stderr', get, names);
    if (redirectStderr && stderr.log.kind === 'file')
      parser.warnings.push(
        `For [${section}], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has been ignored`,
      );
    const command = maybe('command');
    if (command === null) throw new ConfigError(`program section ${section} does not specify a command`);
    processes.push({
      name: expand(processName, names, 'process_name'),
      uid,
      command,
      directory,
      umask,
      priority,
      autostart,
      autorestart: restart,
      startsecs,
      startretries,
      stdout: { ...stdout, captureMaxBytes: stdoutCapture, eventsEnabled: stdoutEvents },
      stderr: {
        ...stderr,
        ...(redirectStderr ? { log: { kind: 'none' } } : {}),
        captureMaxBytes: stderrCapture,
        eventsEnabled: stderrEvents,
      },
      stopsignal,
      stopwaitsecs,
      stopasgroup,
      killasgroup,
      exitcodes,
      redirectStderr,
      environment: own,
      serverurl,
    });
  }
  return processes.sort(byPriority);
}

function readChannel(
  parser: Parser,
  section: string,
  channel: 'stdout' | 'stderr',
  get: Get,
  names: Readonly<Record<string, string | number>>,
): Omit<Channel, 'captureMaxBytes' | 'eventsEnabled'> {
  const key = `${channel}_logfile`;
  const once = value(parser, section, key, names);
  // Expanded twice, as in Supervisor.
  const target = once === null ? 'auto' : targetOf(parser, expand(once, names, key));
  const backups = get(`${key}_backups`, '10', integer);
  const maxBytes = get(`${key}_maxbytes`, '50MB', byteSize);
  const syslog = get(`${channel}_syslog`, 'false', boolean);
  const log: LogTarget =
    typeof target === 'object' ? target : target === 'auto' ? { kind: 'auto' } : { kind: 'none' };
  if (target === 'syslog')
    parser.warnings.push(
      `For [${section}], ${key}=syslog but this is deprecated and will be removed.  Use ${channel}_syslog=true to enable syslog instead.`,
    );
  if (target === 'auto' && maxBytes === 0)
    parser.warnings.push(
      `For [${section}], AUTO logging used for ${key} without rollover, set maxbytes > 0 to avoid filling up filesystem unintentionally`,
    );
  return { log, backups, maxBytes, syslog: syslog || target === 'syslog' };
}

function targetOf(parser: Parser, text: string): 'none' | 'auto' | 'syslog' | { kind: 'file'; path: string } {
  const word = text.toLowerCase();
  if (word === 'none' || word === 'off') return 'none';
  if (word === 'auto' || word === 'syslog') return word;
  return { kind: 'file', path: existingPath(text, parser.machine) };
}
