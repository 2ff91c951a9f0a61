// [inet_http_server] and [unix_http_server]: the sockets for Supervisor's clients.

import { strip } from '../../words/python.ts';
import type { ServerConfig } from './config.ts';
import { type Parser, value } from './parser.ts';
import { settled } from './paths.ts';
import { ConfigError, inetAddress, octal, userAndGroup } from './values.ts';

/** Servers on TCP come first, as Supervisor reads them. @throws ConfigError */
export function serversOf(parser: Parser): readonly ServerConfig[] {
  const sections = [...parser.ini.sections.keys()];
  return [
    ...sections.filter(name => name.startsWith('inet_http_server')).map(name => readInet(parser, name)),
    ...sections.filter(name => name.startsWith('unix_http_server')).map(name => readUnix(parser, name)),
  ];
}

function readInet(parser: Parser, section: string): ServerConfig {
  const who = credentials(parser, section);
  const port = value(parser, section, 'port', {});
  if (port === null) throw new ConfigError(`section [${section}] has no port value`);
  return { family: 'inet', ...head(section), ...who, ...inetAddress(port) };
}

function readUnix(parser: Parser, section: string): ServerConfig {
  const { machine, here } = parser;
  const file = value(parser, section, 'file', { here });
  if (file === null) throw new ConfigError(`section [${section}] has no file value`);
  const path = settled(strip(file), machine);
  const who = credentials(parser, section);
  const chown = tried(value(parser, section, 'chown', {}), text => userAndGroup(text, machine), 'sockchown');
  const chmod = tried(value(parser, section, 'chmod', {}), octal, 'chmod');
  return {
    family: 'unix',
    ...head(section),
    file: path,
    ...who,
    chown: chown ?? { uid: -1, gid: -1 },
    chmod: chmod ?? 0o700,
  };
}

function tried<T>(text: string | null, convert: (text: string) => T, what: string): T | null {
  if (text === null) return null;
  try {
    return convert(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`Invalid ${what} value ${text}`);
  }
}

function head(section: string): { readonly section: string; readonly name: string | null } {
  const colon = section.indexOf(':');
  return { section, name: colon < 0 ? null : section.slice(colon + 1) };
}

function credentials(parser: Parser, section: string): Pick<ServerConfig, 'username' | 'password'> {
  const username = value(parser, section, 'username', {});
  const password = value(parser, section, 'password', {});
  if ((username === null) !== (password === null))
    throw new ConfigError(
      `Section [${section}] contains incomplete authentication: If a username or a password is specified, both the username and password must be specified`,
    );
  return { username, password };
}
