// Values of supervisord's keys as its converters read them (datatypes.py of 4.2.5), with its words for errors.

import { constants } from 'node:os';
import * as datatypes from '../../words/datatypes.ts';
import { format, int, type Names, PythonError, repr, strip } from '../../words/python.ts';
import type { Machine } from './machine.ts';
import { atHome, byCodePoint, directoryOf } from './paths.ts';

/** Why supervisord cannot use its configuration, in its own words. */
export class ConfigError extends Error {}

/** Runs a piece of Python. Its error becomes a ConfigError in Supervisor's words. */
function pythonic<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof PythonError ? new ConfigError(error.python) : error;
  }
}

/** A converter whose errors are in Supervisor's words. */
const told =
  <T>(convert: (text: string) => T) =>
  (text: string): T =>
    pythonic(() => convert(text));

export const integer = told(int);
export const boolean = told(datatypes.boolean);
export const autorestart = told(datatypes.autorestart);
export const exitCodes = told(datatypes.exitCodes);
/** Bytes. */
export const byteSize = told(datatypes.byteSize);
export const octal = told(datatypes.octal);
/** The name of a program, a process or a group. */
export const plainName = told(datatypes.plainName);
export const keyValuePairs = told(datatypes.keyValuePairs);

/** The signals of Python's signal module. libc keeps 32 and 33 for itself. */
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

/** `text % names`. `name`: the key that has this value. */
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

/** A path whose directory exists. */
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

/** The number of a level. A lower one logs more. */
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

/** "user" or "user:group"; gid -1: not changed. */
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

/** `host` "": every address. */
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
  const [, module, attribute] =
    /^\s*([\p{L}\p{N}_.]+)\s*(?::\s*([\p{L}\p{N}_.]+))?\s*(?:\[.*\])?\s*$/u.exec(text) ?? [];
  if (module === undefined)
    throw new ConfigError(
      `("EntryPoint must be in 'name=module:attrs [extras]' format", ${repr(`x=${text}`)})`,
    );
  return attribute === undefined ? module : `${module}:${attribute}`;
}
