// supervisord's command line, and its effect on the configuration: an option wins over the file's key.

import { GetoptError, getopt } from '../../words/getopt.ts';
import { repr } from '../../words/python.ts';
import type { Configuration, ServerConfig, Supervisord } from './config.ts';
import type { Machine } from './machine.ts';
import { directoryOf, joined, settled } from './paths.ts';
import { readConfiguration } from './read.ts';
import {
  byteSize,
  ConfigError,
  existingDirectory,
  existingPath,
  integer,
  logLevel,
  octal,
  uidOf,
} from './values.ts';

/** The end of the program before it begins, because of its command line. */
export class Exit extends Error {
  readonly code: 0 | 2;
  readonly stdout: string;
  readonly stderr: string;

  constructor(code: 0 | 2, stdout: string, stderr: string) {
    super(stderr);
    this.code = code;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** The version of Supervisor whose behaviour this is. */
export const supervisorVersion = '4.2.5';

/** Supervisor's own text (supervisord.py), and hostd's own options. */
export const help = `supervisord -- run a set of applications as daemons.

Usage: %s [options]

Options:
-c/--configuration FILENAME -- configuration file path (searches if not given)
-n/--nodaemon -- run in the foreground (same as 'nodaemon=true' in config file)
-s/--silent -- no logs to stdout (maps to 'silent=true' in config file)
-h/--help -- print this usage message and exit
-v/--version -- print supervisord version number and exit
-u/--user USER -- run supervisord as this user (or numeric uid)
-m/--umask UMASK -- use this umask for daemon subprocess (default is 022)
-d/--directory DIRECTORY -- directory to chdir to when daemonized
-l/--logfile FILENAME -- use FILENAME as logfile path
-y/--logfile_maxbytes BYTES -- use BYTES to limit the max size of logfile
-z/--logfile_backups NUM -- number of backups to keep when max bytes reached
-e/--loglevel LEVEL -- use LEVEL as log level (debug,info,warn,error,critical)
-j/--pidfile FILENAME -- write a pid file for the daemon process to FILENAME
-i/--identifier STR -- identifier used for this instance of supervisord
-q/--childlogdir DIRECTORY -- the log directory for child process logs
-k/--nocleanup --  prevent the process from performing cleanup (removal of
                   old automatic child log files) at startup.
-a/--minfds NUM -- the minimum number of file descriptors for start success
-t/--strip_ansi -- strip ansi escape codes from process output
--minprocs NUM  -- the minimum number of processes available for start success
--profile_options OPTIONS -- run supervisord under profiler and output
                             results based on OPTIONS, which  is a comma-sep'd
                             list of 'cumulative', 'calls', and/or 'callers',
                             e.g. 'cumulative,callers')
`;

/** The values of the command line, where they are given. */
export type Given = {
  -readonly [K in keyof Supervisord]?: Supervisord[K];
} & { configuration?: string; profileOptions?: string };

interface Option {
  readonly short: string;
  readonly long: string;
  /** Reads its argument; undefined: it is a flag. */
  readonly take?: (text: string, machine: Machine) => string | number;
  readonly key?: keyof Given;
}

const same = (text: string) => text;

const options = (
  [
    { short: 'h', long: 'help' },
    { short: '?', long: '' },
    { short: 'c', long: 'configuration', take: same, key: 'configuration' },
    { short: 'v', long: 'version' },
    { short: 'n', long: 'nodaemon', key: 'nodaemon' },
    { short: 'u', long: 'user', take: same, key: 'user' },
    { short: 'm', long: 'umask', take: octal, key: 'umask' },
    { short: 'd', long: 'directory', take: existingDirectory, key: 'directory' },
    { short: 'l', long: 'logfile', take: existingPath, key: 'logfile' },
    { short: 'y', long: 'logfile_maxbytes', take: byteSize, key: 'logfileMaxBytes' },
    { short: 'z', long: 'logfile_backups', take: integer, key: 'logfileBackups' },
    { short: 'e', long: 'loglevel', take: logLevel, key: 'loglevel' },
    { short: 'j', long: 'pidfile', take: existingPath, key: 'pidfile' },
    { short: 'i', long: 'identifier', take: same, key: 'identifier' },
    { short: 'q', long: 'childlogdir', take: existingDirectory, key: 'childlogdir' },
    { short: 'a', long: 'minfds', take: integer, key: 'minfds' },
    { short: '', long: 'minprocs', take: integer, key: 'minprocs' },
    { short: 'k', long: 'nocleanup', key: 'nocleanup' },
    { short: 't', long: 'strip_ansi', key: 'stripAnsi' },
    // There is no profiler here. No program depends on what it would print.
    { short: '', long: 'profile_options', take: same, key: 'profileOptions' },
    { short: 's', long: 'silent', key: 'silent' },
  ] as readonly Option[]
).map(option => ({ ...option, takes: option.take !== undefined }));

/** Ends with Supervisor's two lines on stderr. */
export function usage(message: string, program: string): Exit {
  return new Exit(2, '', `Error: ${message}\nFor help, use ${program} -h\n`);
}

/** Reads the command line. `program`: the name that it was called by. @throws Exit */
export function readArguments(args: readonly string[], program: string, machine: Machine): Given {
  const given: Given = {};
  const { cuts, rest } = cutArguments(args, program);
  if (rest.length > 0)
    throw usage(
      `positional arguments are not supported: [${rest.map(word => repr(word)).join(', ')}]`,
      program,
    );
  for (const { option, spelled, text } of cuts) {
    if (option.short === 'h' || option.short === '?')
      throw new Exit(0, `${help.replaceAll('%s', () => program)}\n`, '');
    if (option.short === 'v') throw new Exit(0, `${supervisorVersion}\n`, '');
    let value: string | number | boolean = true;
    try {
      value = option.take?.(text, machine) ?? true;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw usage(`invalid value for ${spelled} ${repr(text)}: ${error.message}`, program);
    }
    const { key } = option;
    if (key === undefined) continue;
    if (given[key] !== undefined) throw usage(`conflicting command line option ${repr(spelled)}`, program);
    Object.assign(given, { [key]: value });
  }
  return given;
}

function cutArguments(args: readonly string[], program: string) {
  try {
    return getopt(args, options);
  } catch (error) {
    throw error instanceof GetoptError ? usage(error.message, program) : error;
  }
}

/** Where the configuration is looked for without an option. */
export function searchPaths(program: string): readonly string[] {
  const above = directoryOf(directoryOf(program));
  return [
    joined(above, 'etc/supervisord.conf'),
    joined(above, 'supervisord.conf'),
    'supervisord.conf',
    'etc/supervisord.conf',
    '/etc/supervisord.conf',
    '/etc/supervisor/supervisord.conf',
  ];
}

/** The settings that supervisord uses. */
export interface Realized extends Supervisord {
  /** The configuration's file. */
  readonly file: string;
  /** The uid of `user`; null: the user that runs supervisord. */
  readonly uid: number | null;
  readonly configuration: Configuration;
  /** SUPERVISOR_SERVER_URL of its processes. */
  readonly serverUrl: string | null;
}

/** Finds and reads the configuration. @throws Exit */
export function realize(given: Given, program: string, machine: Machine, isolate = false): Realized {
  const file = given.configuration ?? search(program, machine);
  try {
    const configuration = readConfiguration(file, machine, { isolate });
    return settle(given, file, configuration, machine);
  } catch (error) {
    throw error instanceof ConfigError ? usage(error.message, program) : error;
  }
}

function search(program: string, machine: Machine): string {
  const paths = searchPaths(program);
  const found = paths.find(path => machine.exists(path));
  if (found !== undefined) return found;
  throw usage(
    `No config file found at default paths (${paths.join(', ')}); use the -c option to specify a config file at a different path`,
    program,
  );
}

/** @throws ConfigError */
function settle(given: Given, file: string, configuration: Configuration, machine: Machine): Realized {
  const { configuration: _, profileOptions: _none, ...own } = given;
  const written = configuration.supervisord;
  const merged: Supervisord = { ...written, ...own };
  const uid = merged.user === null ? null : uidOf(merged.user, machine);
  // As in Supervisor, an empty name on the command line is none.
  const logfile = merged.logfile || written.logfile;
  return {
    ...merged,
    file,
    uid,
    configuration,
    logfile: logfile === 'syslog' ? 'syslog' : settled(logfile, machine),
    pidfile: settled(merged.pidfile || written.pidfile, machine),
    serverUrl: serverUrl(configuration.servers),
  };
}

/** The first unix socket, if there is one, or else the last TCP address. */
export function serverUrl(servers: readonly ServerConfig[]): string | null {
  const unix = servers.find(server => server.family === 'unix');
  if (unix !== undefined) return `unix://${unix.file}`;
  const inet = servers.findLast(server => server.family === 'inet');
  return inet === undefined ? null : `http://${inet.host || 'localhost'}:${inet.port}`;
}
