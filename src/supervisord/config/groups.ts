// Makes groups of all sections about programs, in the order in which Supervisor reads them.

import { eventNames } from '../../model/event-names.ts';
import { listOfStrings } from '../../words/datatypes.ts';
import { repr } from '../../words/python.ts';
import type { Broken, FastCgiSocket, GroupConfig, ProcessConfig } from './config.ts';
import type { Machine } from './machine.ts';
import { type Parser, value } from './parser.ts';
import { settled } from './paths.ts';
import { byPriority, nameOf, processesOf } from './program.ts';
import {
  boolean,
  ConfigError,
  entryPoint,
  integer,
  octal,
  plainName,
  portNumber,
  uidOf,
  userAndGroup,
} from './values.ts';

/** Supervisor's own handler, the only one that hostd has. */
const defaultHandler = 'supervisor.dispatchers:default_handler';

/**
 * The groups by priority and name. `broken`: sections with errors are left out and noted there; null: the first error is thrown.
 * @throws ConfigError
 */
export function groupsOf(parser: Parser, broken: Broken[] | null): readonly GroupConfig[] {
  const sections = [...parser.ini.sections.keys()];
  const gathered = new Set<string>();
  const of = (prefix: string, read: (section: string) => GroupConfig) =>
    sections.flatMap(section => {
      if (!section.startsWith(prefix) || gathered.has(section)) return [];
      try {
        return [read(section)];
      } catch (error) {
        if (!(error instanceof ConfigError) || broken === null) throw error;
        broken.push({ section, message: error.message });
        return [];
      }
    });
  return [
    ...of('group:', section => readGroup(parser, section, sections, gathered)),
    ...of('program:', section => readProgram(parser, section)),
    ...of('eventlistener:', section => readListener(parser, section)),
    ...of('fcgi-program:', section => readFastCgi(parser, section)),
  ].sort(byPriority);
}

function readGroup(
  parser: Parser,
  section: string,
  sections: readonly string[],
  gathered: Set<string>,
): GroupConfig {
  const get = (key: string) => value(parser, section, key, { here: parser.here });
  const name = plainName(nameOf(section));
  const programs = listOfStrings(get('programs') ?? '');
  const priority = integer(get('priority') ?? '999');
  const processes: ProcessConfig[] = [];
  // As in Supervisor, the loop gives the last program its own section's name.
  let named = section;
  for (const program of programs) {
    const candidates = [`program:${program}`, `fcgi-program:${program}`].filter(one =>
      sections.includes(one),
    );
    const [found] = candidates;
    if (found === undefined)
      throw new ConfigError(`[${named}] names unknown program or fcgi-program ${program}`);
    if (candidates.length > 1)
      throw new ConfigError(`[${named}] name ${program} is ambiguous (exists as program and fcgi-program)`);
    named = found;
    gathered.add(found);
    processes.push(...processesOf(parser, found, name));
  }
  return { kind: 'group', name, priority, processes };
}

function readProgram(parser: Parser, section: string): GroupConfig {
  const name = plainName(nameOf(section));
  const priority = integer(value(parser, section, 'priority', { here: parser.here }) ?? '999');
  return { kind: 'group', name, priority, processes: processesOf(parser, section, name) };
}

function readListener(parser: Parser, section: string): GroupConfig {
  const get = (key: string) => value(parser, section, key, { here: parser.here });
  const name = nameOf(section);
  const priority = integer(get('priority') ?? '-1');
  const bufferSize = integer(get('buffer_size') ?? '10');
  if (bufferSize < 1) throw new ConfigError(`[${section}] section sets invalid buffer_size (${bufferSize})`);
  const resultHandler = get('result_handler') ?? defaultHandler;
  if (entryPoint(resultHandler) !== defaultHandler)
    throw new ConfigError(`${resultHandler} cannot be resolved within [${section}]`);
  const events = [...new Set(listOfStrings(get('events') ?? '').map(event => event.toUpperCase()))];
  if (events.length === 0) throw new ConfigError(`[${section}] section requires an "events" line`);
  const known: readonly string[] = eventNames;
  for (const event of events)
    if (!known.includes(event)) throw new ConfigError(`Unknown event type ${event} in [${section}] events`);
  if (boolean(get('redirect_stderr') ?? 'false'))
    throw new ConfigError(
      `[${section}] section sets redirect_stderr=true but this is not allowed because it will interfere with the eventlistener protocol`,
    );
  const processes = processesOf(parser, section, name);
  return { kind: 'eventlistener', name, priority, processes, bufferSize, events, resultHandler };
}

function readFastCgi(parser: Parser, section: string): GroupConfig {
  const { machine, here } = parser;
  const get = (key: string) => value(parser, section, key, { here });
  const name = plainName(nameOf(section));
  const priority = integer(get('priority') ?? '999');
  const user = get('user');
  const uid = user === null ? null : uidOf(user, machine);
  const backlogText = get('socket_backlog');
  const backlog = backlogText === null ? null : integer(backlogText);
  if (backlog !== null && (backlog < 1 || backlog > 65_535))
    throw new ConfigError(`Invalid socket_backlog value ${backlog}`);
  const owner = tried(get('socket_owner'), text => userAndGroup(text, machine), 'socket_owner');
  const mode = tried(get('socket_mode'), octal, 'socket_mode');
  const text = value(parser, section, 'socket', { program_name: name, here });
  if (text === null || text === '') throw new ConfigError(`[${section}] section requires a "socket" line`);
  let socket: FastCgiSocket;
  try {
    socket = readSocket(text, uid, owner, mode, backlog, machine);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${error.message} in [${section}] socket`);
  }
  return { kind: 'fcgi', name, priority, processes: processesOf(parser, section, name), socket };
}

function tried<T>(text: string | null, convert: (text: string) => T, key: string): T | null {
  if (text === null) return null;
  try {
    return convert(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`Invalid ${key} value ${text}`);
  }
}

function readSocket(
  text: string,
  uid: number | null,
  owner: FastCgiSocket['owner'],
  mode: number | null,
  backlog: number | null,
  machine: Machine,
): FastCgiSocket {
  if (text.startsWith('unix://')) {
    const written = text.slice(7);
    if (!written.startsWith('/'))
      throw new ConfigError(`('Unix socket path %s is not an absolute path', ${repr(written)})`);
    const path = settled(written, machine);
    const account = uid === null || uid === machine.uid ? null : machine.account(uid);
    const usual = account === null ? null : { uid: account.uid, gid: account.gid };
    return { url: `unix://${path}`, address: { path }, owner: owner ?? usual, mode: mode ?? 0o700, backlog };
  }
  if (owner !== null || mode !== null)
    throw new ConfigError(
      'socket_owner and socket_mode params should only be used with a Unix domain socket',
    );
  const [, host, port] = /^tcp:\/\/([^\s:]+):(\d+)\n?$/.exec(text) ?? [];
  if (host === undefined || port === undefined)
    throw new ConfigError(`('Bad socket format %s', ${repr(text)})`);
  const address = { host: host.toLowerCase(), port: portNumber(port) };
  return { url: `tcp://${address.host}:${address.port}`, address, owner: null, mode: null, backlog };
}
