// How Supervisor starts its processes (process.py and options.py of 4.2.5): with supervisord's own environment, from its own
// directory, and with its words for failures.

import { accessSync, closeSync, constants, openSync, type Stats, statSync } from 'node:fs';
import { errnoOf, HostdError } from '../../errors.ts';
import { openAsOwn } from '../../linux/paths.ts';
import type { LogFile, Program, SupervisordProgram } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import { joined } from '../../supervisord/config/paths.ts';
import { repr } from '../../words/python.ts';
import { splitWords } from '../../words/shlex.ts';
import type { Birth } from '../runs/launch.ts';

/** What all processes get. */
export interface Surroundings {
  /** supervisord's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** SUPERVISOR_SERVER_URL; null: there is no server. */
  readonly serverUrl: string | null;
  readonly umask: number;
  /** Flat triples for setrlimit(2). */
  readonly limits: readonly number[];
  /** The fd of a FastCGI program's socket, by its URL. */
  readonly socket: (url: string) => number;
}

/** A process that cannot be started, found out before the attempt. */
export class NotStarted extends HostdError {
  /** The fault that Supervisor's clients get. */
  readonly fault: 'NO_FILE' | 'NOT_EXECUTABLE';

  constructor(fault: NotStarted['fault'], message: string) {
    super('failed', message);
    this.fault = fault;
  }
}

/** @throws HostdError in Supervisor's words. */
export function bearAsSupervisor(program: Program, own: SupervisordProgram, around: Surroundings): Birth {
  const { file, argv } = commandOf(program, own, around.environment);
  const uid = process.geteuid?.() ?? 0;
  const user = program.user === null ? null : Number(program.user);
  const account = user === null || user === uid ? null : native.user(user);
  if (user !== null && user !== uid && (uid !== 0 || account === null))
    return refused(
      program,
      own,
      around,
      uid === 0 ? `Can't find uid ${user}` : "Can't drop privilege as nonroot user",
    );
  const gid = account?.gid ?? process.getegid?.() ?? 0;
  return {
    ...common(program, own, around),
    file,
    argv,
    directory: program.directory,
    uid: account?.uid ?? uid,
    gid,
    groups: account === null ? (process.getgroups?.() ?? [gid]) : [...new Set([gid, ...account.groups])],
  };
}

function common(program: Program, own: SupervisordProgram, around: Surroundings) {
  const serverUrl = own.serverUrl || around.serverUrl;
  return {
    umask: own.umask ?? around.umask,
    limits: around.limits,
    noNewPrivs: 0,
    complain: 1,
    // What a unit file gives to supervisord, such as Nice=-5, is meant for its processes.
    keepAdvantages: 1,
    env: {
      ...around.environment,
      SUPERVISOR_ENABLED: '1',
      ...(serverUrl === null ? {} : { SUPERVISOR_SERVER_URL: serverUrl }),
      SUPERVISOR_PROCESS_NAME: own.process,
      SUPERVISOR_GROUP_NAME: program.group,
      ...program.environment,
    },
    openLog: (log: LogFile) => openLog(log, own.process),
    ...(own.fastCgi === null ? {} : { stdin: around.socket(own.fastCgi) }),
  } as const satisfies Partial<Birth>;
}

/** A process that says why it cannot run, and ends. */
function refused(program: Program, own: SupervisordProgram, around: Surroundings, why: string): Birth {
  const message = `supervisor: couldn't setuid to ${program.user}: ${why}\nsupervisor: child process was not spawned\n`;
  const gid = process.getegid?.() ?? 0;
  return {
    ...common(program, own, around),
    file: '/bin/sh',
    argv: ['sh', '-c', 'printf %s "$1" >&2; exit 127', 'sh', message],
    directory: null,
    uid: process.geteuid?.() ?? 0,
    gid,
    groups: [gid],
  };
}

const usualPath = '/bin:/usr/bin:/usr/local/bin';

/** The file to execute and its arguments. @throws NotStarted */
export function commandOf(
  program: Program,
  own: SupervisordProgram,
  environment: Readonly<Record<string, string>>,
): { readonly file: string; readonly argv: readonly string[] } {
  const split = splitWords(own.command);
  if (!split.ok) {
    const why = split.reason.includes('backslash') ? 'No escaped character' : 'No closing quotation';
    throw new NotStarted('NOT_EXECUTABLE', `can't parse command ${repr(own.command)}: ${why}`);
  }
  const argv = split.words;
  const [name] = argv;
  if (name === undefined) throw new NotStarted('NOT_EXECUTABLE', 'command is empty');
  const path = program.environment['PATH'] ?? (environment['PATH'] || usualPath);
  const candidates = name.includes('/') ? [name] : path.split(':').map(directory => joined(directory, name));
  // The first file that exists counts, executable or not.
  for (const file of candidates) {
    const stats = lookAt(file);
    if (stats === null) continue;
    if (stats.isDirectory())
      throw new NotStarted('NOT_EXECUTABLE', `command at ${repr(file)} is a directory`);
    if ((stats.mode & 0o111) === 0)
      throw new NotStarted('NOT_EXECUTABLE', `command at ${repr(file)} is not executable`);
    try {
      accessSync(file, constants.X_OK);
    } catch {
      throw new NotStarted('NOT_EXECUTABLE', `no permission to run command ${repr(file)}`);
    }
    return { file, argv };
  }
  throw new NotStarted('NO_FILE', `can't find command ${repr(name)}`);
}

/** null: this user sees no file there. */
function lookAt(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** The program's own output, or a file that supervisord opens. */
function openLog(log: LogFile, process: string): number {
  const { path } = log;
  if (path === null) return openSync('/dev/null', 'w');
  const own = ownOutput(path);
  try {
    return own === null ? openAsOwn(path, 0o666) : duplicate(own);
  } catch (error) {
    throw new HostdError(
      'failed',
      `unknown error making dispatchers for '${process}': ${errnoOf(error) ?? (error as Error).message}`,
    );
  }
}

/** 1 or 2 where the path means supervisord's own output; else null. */
export function ownOutput(path: string): number | null {
  const found = /^\/(?:dev\/std(out|err)|(?:dev|proc\/self)\/fd\/([12]))$/.exec(path);
  if (found === null) return null;
  return found[1] === 'out' ? 1 : found[1] === 'err' ? 2 : Number(found[2]);
}

/** dup(2), which Node lacks. A socket cannot be opened by its name in /proc. */
function duplicate(fd: number): number {
  const self = native.pidfdOpen(process.pid);
  try {
    return native.pidfdGetfd(self, fd);
  } finally {
    closeSync(self);
  }
}
