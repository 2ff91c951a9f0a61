// Reads a supervisord.conf from disk in the order of Supervisor 4.2.5, so that the first error is Supervisor's, in the same
// words.

import type { Broken, Configuration, ProcessConfig, Supervisord } from './config.ts';
import { groupsOf } from './groups.ts';
import type { Machine } from './machine.ts';
import { keysOf, type Parser, parseFiles, value } from './parser.ts';
import { nameOf } from './program.ts';
import { serversOf } from './servers.ts';
import {
  boolean,
  byteSize,
  ConfigError,
  entryPoint,
  existingDirectory,
  existingPath,
  expand,
  integer,
  keyValuePairs,
  logLevel,
  octal,
} from './values.ts';

export interface ReadOptions {
  /** Whether sections of programs with errors are left out, and the others used. */
  readonly isolate?: boolean;
  /** Names that an earlier reading of the file has found. */
  readonly names?: Readonly<Record<string, string | number>>;
}

/** The only RPC interface that hostd has. */
const ownInterface = 'supervisor.rpcinterface:make_main_rpcinterface';
const factoryKey = 'supervisor.rpcinterface_factory';

/** @throws ConfigError in Supervisor's words. */
export function readConfiguration(file: string, machine: Machine, options: ReadOptions = {}): Configuration {
  const around = Object.entries(machine.environment).map(([name, text]) => [`ENV_${name}`, text]);
  const names = { ...Object.fromEntries(around), ...options.names } as Record<string, string | number>;
  const parser = parseFiles(file, machine, names);
  if (!parser.ini.sections.has('supervisord'))
    throw new ConfigError('.ini file does not include supervisord section');
  const supervisord = readSupervisord(parser);
  for (const [name, text] of supervisord.environment) names[`ENV_${name}`] = text;
  const interfaces = readInterfaces(parser);
  const broken: Broken[] = [];
  const groups = groupsOf(parser, options.isolate ? broken : null).map(group => ({
    ...group,
    processes: group.processes.map(process => withEnvironment(process, supervisord.environment)),
  }));
  const servers = serversOf(parser);
  const { warnings, infos } = parser;
  const interfaceOptions = new Map(
    interfaces.map(name => [name, keysOf(parser, `rpcinterface:${name}`).filter(key => key !== factoryKey)]),
  );
  return { supervisord, groups, servers, interfaces, interfaceOptions, warnings, infos, names, broken };
}

function withEnvironment(process: ProcessConfig, shared: Supervisord['environment']): ProcessConfig {
  return { ...process, environment: new Map([...shared, ...process.environment]) };
}

function readSupervisord(parser: Parser): Supervisord {
  const { machine, here } = parser;
  const get = (key: string) => value(parser, 'supervisord', key, { here });
  const of = <T>(key: string, usual: string, convert: (text: string) => T) => convert(get(key) ?? usual);
  const directoryThere = (text: string) => existingDirectory(text, machine);
  const pathThere = (text: string) => existingPath(text, machine);
  const same = (text: string) => text;
  const minfds = of('minfds', '1024', integer);
  const minprocs = of('minprocs', '200', integer);
  const directory = get('directory');
  return {
    minfds,
    minprocs,
    directory: directory === null ? null : directoryThere(directory),
    user: get('user'),
    umask: of('umask', '022', octal),
    logfile: of('logfile', 'supervisord.log', pathThere),
    logfileMaxBytes: of('logfile_maxbytes', '50MB', byteSize),
    logfileBackups: of('logfile_backups', '10', integer),
    loglevel: of('loglevel', 'info', logLevel),
    pidfile: of('pidfile', 'supervisord.pid', pathThere),
    identifier: of('identifier', 'supervisor', same),
    nodaemon: of('nodaemon', 'false', boolean),
    silent: of('silent', 'false', boolean),
    childlogdir: of('childlogdir', machine.temporary, directoryThere),
    nocleanup: of('nocleanup', 'false', boolean),
    stripAnsi: of('strip_ansi', 'false', boolean),
    environment: readEnvironment(parser, get('environment') ?? ''),
  };
}

/** As in Supervisor, expanded text is expanded again. */
function readEnvironment(parser: Parser, once: string): ReadonlyMap<string, string> {
  const names = { here: parser.here, host_node_name: parser.machine.hostName, ...parser.names };
  return keyValuePairs(expand(once, names, 'environment'));
}

function readInterfaces(parser: Parser): readonly string[] {
  const sections = [...parser.ini.sections.keys()].filter(name => name.startsWith('rpcinterface:'));
  return sections.map(section => {
    const factory = value(parser, section, factoryKey, {});
    if (factory === null) throw new ConfigError(`section [${section}] does not specify a ${factoryKey}`);
    if (entryPoint(factory) !== ownInterface)
      throw new ConfigError(`${factory} cannot be resolved within [${section}]`);
    for (const key of keysOf(parser, section)) if (key !== factoryKey) value(parser, section, key, {});
    return nameOf(section);
  });
}
