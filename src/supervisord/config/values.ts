// Values of supervisord's keys as its converters read them (datatypes.py of 4.2.5), with its words for those that are wrong.

import { constants } from 'node:os';
import { format, int, type Names, PythonError, repr, shlexTokens } from '../../words/python.ts';
import { strip } from './ini.ts';
import type { Machine } from './machine.ts';
import { atHome, byCodePoint, directoryOf } from './paths.ts';

/** What keeps supervisord from using its configuration, in its own words. */
export class ConfigError extends Error {}

/** Runs a piece of Python; what that throws is told in Python's words. */
export function pythonic<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof PythonError ? new ConfigError(error.python) : error;
  }
}

export function integer(text: string): number {
  return pythonic(() => int(text));
}

export function boolean(text: string): boolean {
  const word = text.toLowerCase();
  if (['yes', 'true', 'on', '1'].includes(word)) return true;
  if (['no', 'false', 'off', '0'].includes(word)) return false;
  throw new ConfigError(`not a valid boolean value: ${repr(text)}`);
}

export type Autorestart = 'never' | 'unexpected' | 'always';

export function autorestart(text: string): Autorestart {
  const word = text.toLowerCase();
  if (word === 'unexpected') return 'unexpected';
  if (['yes', 'true', 'on', '1'].includes(word)) return 'always';
  if (['no', 'false', 'off', '0'].includes(word)) return 'never';
  throw new ConfigError(`invalid 'autorestart' value ${repr(word)}`);
}

export function listOfStrings(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').map(part => strip(part));
}

export function exitCodes(text: string): readonly number[] {
  if (text === '') return [];
  try {
    const codes = text.split(',').map(part => int(part));
    if (codes.every(code => code >= 0 && code <= 255)) return codes;
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
  }
  throw new ConfigError(`not a valid list of exit codes: ${repr(text)}`);
}

/** Bytes. */
export function byteSize(text: string): number {
  const lower = text.toLowerCase();
  const unit = { kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }[lower.slice(-2)];
  return unit === undefined ? integer(lower) : integer(lower.slice(0, -2)) * unit;
}

export function octal(text: string): number {
  const digits = strip(text).replace(/^([-+]?)0[oO]_?/, '$1');
  if (!/^[-+]?[0-7]+(?:_[0-7]+)*$/.test(digits))
    throw new ConfigError(`${text} can not be converted to an octal type`);
  return Number.parseInt(digits.replaceAll('_', ''), 8);
}

/** What Python's signal module calls signals; libc keeps 32 and 33 for itself. */
const signalNumbers = new Map<string, number>([
  ...Object.entries(constants.signals),
  ['SIGCLD', constants.signals.SIGCHLD],
  ['SIGRTMIN', 34],
  ['SIGRTMAX', 64],
  ['SIG_DFL', 0],
  ['SIG_IGN', 1],
  ['SIG_BLOCK', 0],
  ['SIG_UNBLOCK', 1],
  ['SIG_SETMASK', 2],
]);
const knownNumbers: ReadonlySet<number> = new Set(signalNumbers.values());

/** Number of a signal: by its number, or by its name with or without SIG, in any case. */
export function signalNumber(text: string): number {
  let number: number | undefined;
  try {
    number = int(text);
  } catch {
    const upper = strip(text).toUpperCase();
    const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
    number = signalNumbers.get(name);
    if (number === undefined) throw new ConfigError(`value ${repr(text)} is not a valid signal name`);
  }
  if (!knownNumbers.has(number)) throw new ConfigError(`value ${repr(text)} is not a valid signal number`);
  return number;
}

/** Name of a program, a process or a group. */
export function plainName(text: string): string {
  const name = strip(text);
  for (const char of ' :/')
    if (name.includes(char))
      throw new ConfigError(`Invalid name: ${repr(text)} because of character: ${repr(char)}`);
  return name;
}

/** environment=: cut into tokens and taken three by three; the fourth is a separator, whatever it is. */
export function keyValuePairs(text: string): ReadonlyMap<string, string> {
  const tokens = pythonic(() => shlexTokens(text, '/.+-():'));
  const pairs = new Map<string, string>();
  for (let at = 0; at < tokens.length; at += 4) {
    const [key, equals, value] = tokens.slice(at, at + 3);
    if (key === undefined || equals !== '=' || value === undefined)
      throw new ConfigError(`Unexpected end of key/value pairs in value '${text}'`);
    pairs.set(key, value.replaceAll(/^['"]+|['"]+$/g, ''));
  }
  return pairs;
}

/** `text % names`; `name` is what it is the value of. */
export function expand(text: string, names: Names, name: string): string {
  try {
    return format(text, names, 'repr');
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    const what = `Format string ${repr(text)} for ${repr(name)}`;
    if (error.unknown === null) throw new ConfigError(`${what} is badly formatted: ${error.python}`);
    const available = Object.keys(names).sort(byCodePoint).join(', ');
    throw new ConfigError(
      `${what} contains names (${error.python}) which cannot be expanded. Available names: ${available}`,
    );
  }
}

export function existingDirectory(text: string, machine: Machine): string {
  const path = atHome(text, machine);
  if (machine.isDirectory(path)) return path;
  throw new ConfigError(`${text} is not an existing directory`);
}

/** A path whose directory is there. */
export function existingPath(text: string, machine: Machine): string {
  const path = atHome(text, machine);
  const directory = directoryOf(path);
  if (directory === '' || machine.isDirectory(directory)) return path;
  throw new ConfigError(`The directory named as part of the path ${text} does not exist`);
}

export const logLevels = {
  critical: 50,
  error: 40,
  warn: 30,
  info: 20,
  debug: 10,
  trace: 5,
  blather: 3,
} as const;

/** Number of a level: lower ones say more. */
export function logLevel(text: string): number {
  const word = text.toLowerCase();
  if (Object.hasOwn(logLevels, word)) return logLevels[word as keyof typeof logLevels];
  throw new ConfigError(`bad logging level name ${repr(text)}`);
}

export function uidOf(text: string, machine: Machine): number {
  const number = maybe(text);
  const account = machine.account(number ?? text);
  if (account !== null) return account.uid;
  throw new ConfigError(number === null ? `Invalid user name ${text}` : `Invalid user id ${text}`);
}

/** "user" or "user:group"; gid -1: to be left as it is. */
export function userAndGroup(text: string, machine: Machine): { readonly uid: number; readonly gid: number } {
  const [user = '', group] = text.includes(':')
    ? [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)]
    : [text];
  try {
    const uid = uidOf(user, machine);
    const gid = group === undefined ? -1 : machine.group(maybe(group) ?? group);
    if (gid !== null) return { uid, gid };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
  throw new ConfigError(`Invalid user:group definition ${text}`);
}

function maybe(text: string): number | null {
  try {
    return int(text);
  } catch {
    return null;
  }
}

/** A port from 1 to 65535. */
export function portNumber(text: string): number {
  const port = integer(text);
  if (port < 1) throw new ConfigError(`${port} is below lower bound (1)`);
  if (port > 0xffff) throw new ConfigError(`${port} is above upper bound (65535)`);
  return port;
}

/** host "": every address. */
export function inetAddress(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  if (colon < 0) {
    try {
      return { host: '', port: portNumber(text) };
    } catch {
      throw new ConfigError(`not a valid port number: ${repr(text)} `);
    }
  }
  const rest = text.slice(colon + 1);
  if (rest === '') throw new ConfigError(`no port number specified in ${repr(rest)}`);
  const host = text.slice(0, colon).toLowerCase();
  return { host: host === '*' ? '' : host, port: portNumber(rest) };
}

/** An entry point of setuptools without its blanks: "module:attribute". */
export function entryPoint(text: string): string {
  const [, module, attribute] = /^\s*([\w.]+)\s*(?::\s*([\w.]+))?\s*(?:\[.*\])?\s*$/u.exec(text) ?? [];
  if (module === undefined)
    throw new ConfigError(
      `("EntryPoint must be in 'name=module:attrs [extras]' format", ${repr(`x=${text}`)})`,
    );
  return attribute === undefined ? module : `${module}:${attribute}`;
}
