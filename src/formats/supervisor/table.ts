// From one of Supervisor's programs to the keys of a table in hostd.toml, without keys that have the table's default.

import { tidyPath } from '../../config/toml/values.ts';
import type { TomlTable, TomlValue } from '../../config/toml/write.ts';
import type { Program } from '../../model/host.ts';
import { ownOutputOf } from '../../model/own-output.ts';
import { numbered } from '../../words/numbered.ts';
import { quoteWord, splitWords } from '../../words/shlex.ts';
import { foreverRetries } from './keys.ts';
import type { Process } from './process.ts';

/** What the table means by default. `environment`: all variables that the program gets anyway. */
export interface Usual {
  readonly user: string | null;
  readonly directory: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly autorestart: Program['autorestart'];
  readonly startretries: number | null;
  readonly stopwaitsecs: number;
  readonly redirect: boolean;
  readonly stdout: string | null;
}

/** [program.NAME] */
export const usualProgram: Usual = {
  user: null,
  directory: null,
  environment: {},
  autorestart: 'unexpected',
  startretries: 3,
  stopwaitsecs: 10,
  redirect: false,
  stdout: null,
};

export interface Tabled {
  readonly table: TomlTable;
  /** Why a key was left out, by key. */
  readonly lost: readonly (readonly [key: string, why: string])[];
}

/** argv without the wrapper of hostd's own writer: without setpriv(1), and with env(1)'s variables apart. */
function unwrap(words: readonly string[]): {
  readonly words: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly noNewPrivileges: boolean;
} {
  const protects = words[0] === '/usr/bin/setpriv' && words[1] === '--no-new-privs' && words[2] === '--';
  const inner = protects ? words.slice(3) : words;
  const variables: Record<string, string> = {};
  let at = inner[0] === '/usr/bin/env' && inner[1] === '--' ? 2 : 0;
  for (; at >= 2 && inner[at]?.includes('='); at++) {
    const [, name = '', value = ''] = /^([^=]*)=([\s\S]*)$/.exec(inner[at] ?? '') ?? [];
    variables[name] = value;
  }
  return { words: inner.slice(at), variables, noNewPrivileges: protects };
}

export function wordsOf(process: Process): readonly string[] | null {
  const split = splitWords(process.command);
  return split.ok && split.words.length > 0 ? split.words : null;
}

/** null: the processes differ in more than their number, so one table cannot hold them. `expands`: whether the table's texts
 *  are expanded, so that a percent sign is written twice. */
export function programTable(processes: readonly Process[], usual: Usual, expands: boolean): Tabled | null {
  const numbers = processes.map(({ number }) => number);
  const lost: (readonly [string, string])[] = [];
  let fits = true;
  const text = (values: readonly string[]): string => {
    const common = numbered(
      values.map(value => (expands ? value.replaceAll('%', '%%') : value)),
      numbers,
    );
    if (common === null) fits = false;
    return common ?? '';
  };
  const [first] = processes;
  if (first === undefined) return null;
  const table: Record<string, TomlValue> = {};
  const put = (key: string, value: TomlValue, usually: TomlValue | null) => {
    if (JSON.stringify(value) !== JSON.stringify(usually)) table[key] = value;
  };
  const calls = processes.map(process => unwrap(wordsOf(process) ?? []));
  table['command'] = text(calls.map(({ words }) => words.map(quoteWord).join(' ')));
  if (first.user !== null) put('user', first.user, usual.user);
  putPaths(processes, usual, text, put, lost);
  const environments = processes.map((process, index) => ({
    ...process.environment,
    ...calls[index]?.variables,
  }));
  const names = new Set(environments.flatMap(environment => Object.keys(environment)));
  const environment: Record<string, string> = {};
  for (const name of names)
    if (environments.some(pairs => pairs[name] !== usual.environment[name]))
      environment[name] = text(environments.map(pairs => pairs[name] ?? ''));
  put('environment', environment, {});
  putNumbers(first, usual, put);
  return fits ? { table, lost } : null;
}

type Put = (key: string, value: TomlValue, usually: TomlValue | null) => void;

function putPaths(
  processes: readonly Process[],
  usual: Usual,
  text: (values: readonly string[]) => string,
  put: Put,
  lost: (readonly [string, string])[],
): void {
  const path = (key: string, values: readonly string[], usually: string | null) => {
    if (values.every(value => value.startsWith('/'))) put(key, text(values.map(tidyPath)), usually);
    else lost.push([key, `"${values[0]}" is no absolute path`]);
  };
  const [first] = processes;
  if (first === undefined) return;
  if (first.directory !== null)
    path(
      'directory',
      processes.map(process => process.directory ?? ''),
      usual.directory,
    );
  if (first.listener === null) put('redirect_stderr', first.redirectStderr, usual.redirect);
  for (const stream of ['stdout', 'stderr'] as const) {
    if (stream === 'stderr' && first.redirectStderr) continue;
    const logs = processes.map(process => process[stream]);
    const [log] = logs;
    if (log === undefined) continue;
    // Output to /dev/null means no log.
    const isNone = log.path === null || log.path === '/dev/null';
    if (isNone) put(`${stream}_logfile`, 'NONE', null);
    else if (log.path !== null && ownOutputOf(log.path) !== null) put(`${stream}_logfile`, log.path, null);
    else if (log.path !== null && isDevice(log.path))
      lost.push([
        `${stream}_logfile`,
        `hostd keeps a log in a file, not in ${log.path}; hostctl logs -f follows it`,
      ]);
    else if (log.path !== 'AUTO')
      path(
        `${stream}_logfile`,
        logs.map(one => one.path ?? ''),
        stream === 'stdout' ? usual.stdout : null,
      );
    // A listener's standard output is for the protocol only.
    if (stream === 'stderr' || first.listener === null) {
      put(`${stream}_events_enabled`, log.events, false);
      put(`${stream}_capture_maxbytes`, sizeText(log.captureBytes), 0);
      put(`${stream}_syslog`, log.syslog, false);
    }
    if (!isNone && !isDevice(log.path ?? '')) {
      put(`${stream}_logfile_maxbytes`, sizeText(log.maxBytes), '50MB');
      put(`${stream}_logfile_backups`, log.backups, 10);
    }
  }
}

/** Terminals, pipes and the like: /dev/stdout, /proc/self/fd/1. */
function isDevice(path: string): boolean {
  return /^\/(dev|proc)\//.test(path);
}

function sizeText(bytes: number): string | number {
  for (const [unit, size] of [
    ['GB', 1024 ** 3],
    ['MB', 1024 ** 2],
    ['KB', 1024],
  ] as const)
    if (bytes > 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  return bytes;
}

const restarts = { always: true, never: false, unexpected: 'unexpected' } as const;

function putNumbers(process: Process, usual: Usual, put: Put): void {
  if (process.umask !== null) put('umask', process.umask.toString(8).padStart(3, '0'), '022');
  if (process.listener !== null) {
    put('events', process.listener.events, null);
    put('buffer_size', process.listener.bufferSize, 10);
  }
  put('priority', process.priority, process.listener === null ? 999 : -1);
  put('autostart', process.autostart, true);
  put('autorestart', restarts[process.autorestart], restarts[usual.autorestart]);
  put('startsecs', process.startsecs, 1);
  const isForever = process.startretries >= foreverRetries && usual.startretries === null;
  if (!isForever) put('startretries', process.startretries, usual.startretries);
  put('exitcodes', process.exitcodes, [0]);
  put('stopsignal', process.stopsignal.slice(3), 'TERM');
  put('stopwaitsecs', process.stopwaitsecs, usual.stopwaitsecs);
  put('stopasgroup', process.stopasgroup, false);
  put('killasgroup', process.killasgroup, process.stopasgroup);
}
