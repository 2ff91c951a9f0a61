// From a program to a live run: its user, environment, files and cgroup, then the launch. Descriptors that were opened on the way
// are closed again, also after a failure.

import { closeSync, constants, openSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { errnoOf, HostdError, messageOf } from '../../errors.ts';
import { givenOpenFiles } from '../../linux/open-files.ts';
import { as, type Owner, openForAppending } from '../../linux/paths.ts';
import type { Limit, LogFile, Program } from '../../model/host.ts';
import { type Launch, native, type User } from '../../native/index.ts';
import { identify } from '../sockets/socket-identity.ts';
import type { Sockets } from '../sockets/sockets.ts';
import { admitChild } from './admit.ts';
import { limitsWith } from './bounds.ts';
import type { Cgroups } from './cgroup-tree.ts';
import { clearCgroup } from './cgroups.ts';
import { keepReserve } from './descriptors.ts';
import { closeEnds, type Made, noEnds, type Pipes } from './pipes.ts';
import type { Records } from './records.ts';
import type { Run } from './run.ts';
import { tasksFull } from './tasks.ts';
import { makeInput } from './terminal-input.ts';

/** What a run gets beyond its program: more environment, and the descriptors from 3 on. */
export interface Equipment {
  /** Replaces the program's command. */
  readonly argv?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly fds: readonly number[];
  /** An open binary that is executed in place of argv[0]. The user need not be able to reach it. */
  readonly binary?: number;
  /** What it means when the kernel refuses to execute `binary`. */
  readonly refusal?: string;
  /** Descriptors that hostd closes once the child has them. */
  readonly close: readonly number[];
}

/** How a program is brought to life, but for its streams, its cgroup and its sockets. */
export interface Birth
  extends Pick<
    Launch,
    | 'file'
    | 'argv'
    | 'directory'
    | 'uid'
    | 'gid'
    | 'groups'
    | 'umask'
    | 'limits'
    | 'noNewPrivs'
    | 'nice'
    | 'oomScoreAdj'
    | 'complain'
    | 'keepAdvantages'
  > {
  readonly env: Readonly<Record<string, string>>;
  /** Opens a log. If that fails, it warns and returns /dev/null. */
  readonly openLog: (log: LogFile) => number;
  /** A descriptor in place of a pipe of the run's own. */
  readonly stdin?: number;
}

export interface LaunchContext {
  /** Brings a program of `hostd supervisord` to life; null: the program is not such a one. @throws HostdError when it cannot be tried. */
  readonly bear?: (program: Program, equipment: Equipment) => Birth | null;
  readonly cgroups: Cgroups | null;
  readonly records: Records;
  readonly pipes: Pipes;
  /** The sockets that hostd holds. Those that a run gets are written down. */
  readonly sockets: Pick<Sockets, 'held'>;
  /** Called when a log file cannot be used, and the output goes to /dev/null instead. */
  readonly warn: (message: string) => void;
  /** Whether this run is a trial, not the program itself. The next hostd ends a trial. */
  readonly isTrial?: boolean;
  /** It holds a socket for a program that sleeps (fleet/keeper.ts). */
  readonly isKeeper?: boolean;
}

/** Numbers of setrlimit(2), the same on every architecture that Node runs on. */
const resources = { cpu: 0, fsize: 1, data: 2, stack: 3, core: 4, nproc: 6, nofile: 7, memlock: 8, as: 9 };

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Starts a program. When it returns, the run is recorded and the program may run.
 * @throws HostdError with the reason, when it cannot even be tried.
 */
export function launch(program: Program, number: number, equipment: Equipment, context: LaunchContext): Run {
  const opened: number[] = [...equipment.close];
  const closing = (fd: number) => {
    opened.push(fd);
    return fd;
  };
  let cgroup: string | null = null;
  let pipes: Made = { child: noEnds, own: noEnds };
  try {
    const birth = context.bear?.(program, equipment) ?? bear(program, equipment, context);
    const { env, openLog, stdin: given, ...born } = birth;
    const marker = `HOSTD_RUN=${program.name}.${number}.${process.pid}.${Date.now().toString(36)}`;
    const owner = { uid: birth.uid, gid: birth.gid };
    const nothing = closing(openSync('/dev/null', 'r+'));
    keepReserve(nothing);
    // A run without a socket may be spoken to (hostctl attach). gunicorn and the proxy read nothing.
    pipes = context.pipes.make(program, number, owner);
    const { child: passed } = pipes;
    const stdin = passed.stdin ?? given ?? (equipment.fds.length === 0 ? closing(makeInput(owner)) : nothing);
    const stdout = passed.stdout ?? closing(openLog(program.stdout));
    const stderr = program.stderr === null ? stdout : (passed.stderr ?? closing(openLog(program.stderr)));
    cgroup = context.cgroups?.make(program, number) ?? null;
    const child = native.spawn({
      ...born,
      binary: equipment.binary ?? -1,
      env: [...Object.entries(env).map(([key, value]) => `${key}=${value}`), marker],
      fds: [stdin, stdout, stderr, ...equipment.fds],
      cgroup: cgroup === null ? -1 : closing(openSync(cgroup, constants.O_DIRECTORY)),
      // hostd's own program. Node blocks SIGUSR1 too, but not before it runs.
      ignoreUsr1: equipment.binary === undefined ? 0 : 1,
    });
    const { refusal } = equipment;
    const sockets = identify(context.sockets.held(), equipment.fds);
    const { isTrial = false, isKeeper = false } = context;
    const isOwnWay = birth.file !== '' && program.supervisord === undefined;
    const executed = isOwnWay ? { file: birth.file, directory: program.directory, owner } : undefined;
    const admission = {
      executed,
      program,
      number,
      cgroup,
      marker,
      refusal,
      sockets,
      isTrial,
      isKeeper,
      ends: pipes.own,
    };
    return admitChild(child, admission, context.records);
  } catch (error) {
    const full = errnoOf(error) === 'EAGAIN' && cgroup !== null ? tasksFull(cgroup) : null;
    if (cgroup !== null) clearCgroup(cgroup, () => {});
    closeEnds(pipes.own);
    context.pipes.remove(program.name, number);
    throw error instanceof HostdError
      ? error
      : new HostdError('failed', `cannot start: ${full === null ? why(error) : `${full} reached`}`);
  } finally {
    for (const fd of opened) closeSync(fd);
    closeEnds(pipes.child);
  }
}

/** How hostd brings its own programs to life. */
function bear(program: Program, equipment: Equipment, { warn, cgroups }: LaunchContext): Birth {
  const user = userOf(program);
  const gid = groupOf(program, user);
  const env = environmentOf(program, user, { ...equipment.env });
  const owner = { uid: user.uid, gid };
  const path = env['PATH'] ?? defaultPath;
  return {
    file: equipment.binary === undefined ? findCommand(program, path, owner) : '',
    argv: equipment.argv ?? program.command,
    env,
    directory: program.directory,
    uid: user.uid,
    gid,
    groups: groupsOf(user, gid),
    ...attributesOf(program),
    limits: limitsOf(limitsWith(program, () => cgroups?.controllers() ?? new Set())),
    openLog: log => openLog(log, owner, warn),
  };
}

/** What each process of a program starts with. Also used for a command on a terminal. */
export function attributesOf(program: Program) {
  return {
    umask: program.umask,
    limits: limitsOf(program.limits),
    noNewPrivs: program.noNewPrivileges ? 1 : 0,
    nice: program.nice,
    oomScoreAdj: program.oomScoreAdj,
  } as const satisfies Partial<Launch>;
}

/** The user that a program runs as. @throws HostdError when there is none, or hostd may not become it. */
export function userOf(program: Pick<Program, 'user'>): User {
  const own = process.geteuid?.() ?? 0;
  const name = program.user ?? own;
  const user = native.user(typeof name === 'string' && /^\d+$/.test(name) ? Number(name) : name);
  if (user === null) throw new HostdError('failed', `user "${name}" does not exist`);
  if (own !== 0 && user.uid !== own)
    throw new HostdError('failed', `cannot run as user "${user.name}": hostd does not run as root`);
  return user;
}

/** Whose rights a program's logs are opened with: its user's, or hostd's own where Supervisor would open them itself. */
export function logOwnerOf(program: Program): Owner {
  if (program.supervisord !== undefined)
    return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const { uid, gid } = userOf(program);
  return { uid, gid };
}

export function groupOf(program: Program, user: User): number {
  if (program.unixGroup === null) return user.gid;
  const group = native.group(/^\d+$/.test(program.unixGroup) ? Number(program.unixGroup) : program.unixGroup);
  if (group === null) throw new HostdError('failed', `group "${program.unixGroup}" does not exist`);
  return group.gid;
}

export function groupsOf(user: User, gid: number): number[] {
  return [...new Set([gid, ...user.groups])];
}

/** HOME, USER, LOGNAME and SHELL of the user come first. The program's own variables follow, and win. */
export function environmentOf(
  program: Program,
  user: User,
  extra: Record<string, string>,
): Record<string, string> {
  return {
    PATH: defaultPath,
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    SHELL: '/bin/sh',
    ...program.environment,
    ...extra,
  };
}

/**
 * The absolute path of argv[0], looked up with the rights of the program's user: nobody may learn what only root can see. A
 * directory that only the user's supplementary groups can enter is left to execve(2).
 * @throws HostdError in Supervisor's words when the file is not there, or cannot be executed.
 */
export function findCommand(program: Program, path: string, owner: Owner): string {
  const name = program.command[0] ?? '';
  const from = program.directory ?? '/';
  const candidates = name.includes('/')
    ? [isAbsolute(name) ? name : join(from, name)]
    : path.split(':').map(directory => join(isAbsolute(directory) ? directory : join(from, directory), name));
  let hidden: string | null = null;
  for (const candidate of candidates) {
    const there = lookAt(candidate, owner);
    if (there === 'executable') return candidate;
    if (there === 'hidden') hidden ??= candidate;
    if (there === 'other') throw new HostdError('failed', `command at "${candidate}" is not executable`);
  }
  if (hidden !== null) return hidden;
  throw new HostdError('failed', `cannot find command "${name}"`);
}

function lookAt(path: string, owner: Owner): 'missing' | 'hidden' | 'executable' | 'other' {
  try {
    const stats = as(owner, () => statSync(path));
    return stats.isFile() && (stats.mode & 0o111) !== 0 ? 'executable' : 'other';
  } catch (error) {
    return errnoOf(error) === 'EACCES' ? 'hidden' : 'missing';
  }
}

/** Names shortages, which a spawn is the first to meet. */
function why(error: unknown): string {
  switch (errnoOf(error)) {
    case 'EAGAIN':
      return 'the limit of processes is reached (EAGAIN, see RLIMIT_NPROC and pids.max)';
    case 'ENOMEM':
      return 'out of memory (ENOMEM)';
    default:
      return messageOf(error);
  }
}

function openLog(log: LogFile, owner: { uid: number; gid: number }, warn: (message: string) => void): number {
  if (log.path === null) return openSync('/dev/null', 'w');
  try {
    return openForAppending(log.path, owner);
  } catch (error) {
    const code = errnoOf(error);
    warn(
      `${error instanceof HostdError ? error.message : `cannot open "${log.path}": ${code ?? messageOf(error)}`}`,
    );
    return openSync('/dev/null', 'w');
  }
}

/** A program's limits, for `native.spawn`. Open files are as many as hostd was given, unless the program says otherwise. */
export function limitsOf(limits: Readonly<Record<string, Limit>>): number[] {
  const nofile = givenOpenFiles();
  return Object.entries({ ...(nofile === null ? {} : { nofile }), ...limits }).flatMap(
    ([name, { soft, hard }]) => {
      const number = resources[name as keyof typeof resources];
      return number === undefined ? [] : [number, soft ?? -1, hard ?? -1];
    },
  );
}
