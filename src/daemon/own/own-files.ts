// What hostd makes for itself on disk, each with the least mode that it can have: the one table of it. The programs' logs and
// the sockets of apps are not here: they are made with their owners' rights (paths.ts, sockets.ts).
// Each start puts right what is there, since an older hostd may have made it, or it may have been copied or restored.

import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, HostdError, messageOf } from '../../errors.ts';
import type { Settings } from '../../model/host.ts';
import { native, O_PATH } from '../../native/index.ts';
import { quoteWord } from '../../words/shlex.ts';

const { O_NOFOLLOW } = constants;

type Kind = 'directory' | 'file' | 'socket';

interface Own {
  readonly kind: Kind;
  readonly path: string;
  readonly mode: number;
  /** A directory that is made at the start. */
  readonly make?: true;
  /** The mode of the files in a directory. All of them are hostd's. */
  readonly files?: number;
  /** The group, where it is not that of hostd's own user. */
  readonly gid?: number;
}

/** The paths by name, for the code that writes there. */
export function ownPaths({ stateDir, runtimeDir }: Pick<Settings, 'stateDir' | 'runtimeDir'>) {
  return {
    lock: join(stateDir, 'lock'),
    /** The lock of 0.1.0, and the pid for people to read. */
    oldLock: join(stateDir, 'hostd.lock'),
    runs: join(stateDir, 'runs'),
    /** Runs of another daemon's that the next start takes over (runs/records.ts). */
    received: join(stateDir, 'received.json'),
    stopped: join(stateDir, 'stopped'),
    asleep: join(stateDir, 'asleep'),
    maintenance: join(stateDir, 'maintenance'),
    certificates: join(stateDir, 'certificates'),
    schedules: join(stateDir, 'schedules'),
    host: join(stateDir, 'host.json'),
    stoppedRuns: join(stateDir, 'stopped.json'),
    created: join(stateDir, 'created'),
    /** What has happened (journal/): the file that is written, and the one before it. */
    events: join(stateDir, 'events.jsonl'),
    eventsBefore: join(stateDir, 'events.1.jsonl'),
    /** What was told last of disks that are nearly full (logs/disks.ts). */
    diskLow: join(stateDir, 'disk-low'),
    /** How far [notify] has come. */
    notify: join(stateDir, 'notify'),
    /** There while a hostd lives. */
    life: join(stateDir, 'life.json'),
    /** The apps' sockets have their second names here (sockets/names.ts), each on its own file system. */
    socketNames: [join(stateDir, 'sockets'), join(runtimeDir, 'sockets')],
    code: join(runtimeDir, 'code'),
    gunicorn: join(runtimeDir, 'gunicorn.conf.py'),
    halfClose: join(runtimeDir, 'half-close'),
    /** Why an app cannot be started (fleet/down-reasons.ts). */
    reasons: join(runtimeDir, 'reasons'),
    /** The FIFOs between hostd and the runs (runs/pipes.ts). */
    pipes: join(runtimeDir, 'pipes'),
    /** What the proxy's workers count (proxies/notes.ts). */
    notes: join(runtimeDir, 'notes'),
    /** The socket by which hostd-web asks root, for the moment that it has a name (web/process.ts). */
    web: join(runtimeDir, 'web'),
  };
}

/** A mode that lets more than root in has its reason beside it. */
function table({ stateDir, runtimeDir, control }: Settings): readonly Own[] {
  const at = ownPaths({ stateDir, runtimeDir });
  const secret = { kind: 'directory', mode: 0o700, files: 0o600 } as const;
  const gid = control.group === null ? null : (native.group(control.group)?.gid ?? null);
  return [
    { kind: 'file', path: at.lock, mode: 0o600 },
    { kind: 'file', path: at.oldLock, mode: 0o600 },
    { kind: 'file', path: at.host, mode: 0o600 },
    { kind: 'file', path: at.received, mode: 0o600 },
    { kind: 'file', path: at.stoppedRuns, mode: 0o600 },
    { kind: 'file', path: at.events, mode: 0o600 },
    { kind: 'file', path: at.eventsBefore, mode: 0o600 },
    { kind: 'file', path: at.life, mode: 0o600 },
    { kind: 'file', path: at.diskLow, mode: 0o600 },
    { ...secret, path: at.runs, make: true },
    { ...secret, path: at.stopped, make: true },
    { ...secret, path: at.asleep, make: true },
    { ...secret, path: at.maintenance, make: true },
    { ...secret, path: at.certificates, make: true },
    { ...secret, path: at.schedules, make: true },
    { ...secret, path: at.notify, make: true },
    { ...secret, path: at.created },
    ...at.socketNames.map(path => ({ kind: 'directory', path, mode: 0o700, make: true }) as const),
    { kind: 'directory', path: at.pipes, mode: 0o700, make: true },
    { ...secret, path: at.notes, make: true },
    { kind: 'directory', path: at.web, mode: 0o700, make: true },
    // The proxy's workers look here for a file by its whole name.
    { kind: 'directory', path: at.halfClose, mode: 0o711, files: 0o600, make: true },
    // The proxy's workers read them, by their whole names.
    { kind: 'directory', path: at.reasons, mode: 0o711, files: 0o644, make: true },
    // Each app's gunicorn reads it.
    { kind: 'file', path: at.gunicorn, mode: 0o644 },
    // The proxy's workers load it (own-code.ts). Everybody can download the same code.
    { kind: 'directory', path: at.code, mode: 0o755 },
    // Operators connect to it.
    gid === null
      ? { kind: 'socket', path: control.socket, mode: 0o600 }
      : { kind: 'socket', path: control.socket, mode: 0o660, gid },
  ];
}

/** Directories that the configuration names: made with this mode if missing. An existing one loses only the rights in `never`. */
function given({ stateDir, runtimeDir, logDir }: Settings) {
  return [
    // Files in them are reached by their whole names. Nobody needs to list the directory.
    { path: stateDir, mode: 0o711, never: 0o022, strict: true },
    { path: runtimeDir, mode: 0o711, never: 0o022, strict: true },
    // This may be /var/log, where a group of the system writes.
    { path: logDir, mode: 0o755, never: 0o002, strict: false },
  ] as const;
}

/**
 * Makes what is missing, and puts right what is there. Returns what was wrong, for the log.
 * @throws HostdError when a directory for root's files belongs to somebody else, or something else is in its place.
 */
export function putRight(settings: Settings): string[] {
  const said: string[] = [];
  for (const { path, mode, never, strict } of given(settings)) {
    makeOwn(path, mode);
    withReference(path, 0, (node, stats) => {
      if (strict) {
        assertOurs(path, stats);
        mustBeWritable(path);
      }
      // As in /tmp, nobody can remove another user's entry.
      const sticky = (stats.mode & 0o1000) !== 0;
      if (!sticky && (stats.mode & never) !== 0 && mayChange(stats))
        said.push(setMode(path, node, stats, stats.mode & 0o7777 & ~never));
    });
  }
  for (const own of table(settings)) said.push(...settle(own));
  return said;
}

/**
 * Makes what somebody has removed since the start, as with all of /run: without it no proxy worker could be started again. `made`: called
 * when something was missing, for the files in there. Returns what was done, for the log.
 * @throws HostdError as putRight
 */
export function makeAgain(settings: Settings, made: () => void): string[] {
  const directories = [...given(settings), ...table(settings).filter(({ make }) => make)];
  const missing = directories.find(({ path }) => !existsSync(path));
  if (missing === undefined) return [];
  const said = putRight(settings);
  made();
  return [`made "${missing.path}" again: somebody has removed it`, ...said];
}

/** @throws HostdError that says why it cannot be made, and what to do. */
function makeOwn(path: string, mode: number): void {
  try {
    mkdirSync(path, { recursive: true, mode });
  } catch (cause) {
    // Node's mkdir with parents says ENOENT on a read-only file system.
    throw refused(`make "${path}"`, refusalAbove(path) ?? errnoOf(cause) ?? messageOf(cause), cause);
  }
}

/** @throws HostdError where nothing can be made in this directory, as for who is not root. */
function mustBeWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw refused(`write in "${path}"`, errnoOf(cause) ?? messageOf(cause), cause);
  }
}

function refused(what: string, code: string, cause: unknown): HostdError {
  const hints: Readonly<Record<string, string>> = {
    EROFS: 'mount -o remount,rw, or another place: [hostd] runtime_dir, state_dir and log_dir',
    EACCES: 'sudo, or another place: [hostd] runtime_dir, state_dir and log_dir',
    ENOSPC: 'df -h, df -i',
  };
  const hint = hints[code];
  return new HostdError('failed', `cannot ${what}: ${code}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Why nothing can be made in the nearest existing directory above `path`; null: it can. */
function refusalAbove(path: string): string | null {
  for (let at = dirname(path); ; at = dirname(at)) {
    try {
      accessSync(at, constants.W_OK | constants.X_OK);
      return null;
    } catch (error) {
      const code = errnoOf(error) ?? null;
      if (code !== 'ENOENT' || at === '/') return code;
    }
  }
}

function settle(own: Own): string[] {
  if (own.make) makeOwn(own.path, own.mode);
  const said: string[] = [];
  withReference(own.path, O_NOFOLLOW, (node, stats) => {
    if (!isKind(stats, own.kind)) throw notOurs(own.path, `it is no ${own.kind}`);
    assertOurs(own.path, stats);
    if (!mayChange(stats)) return;
    if (own.gid !== undefined && stats.gid !== own.gid)
      chownSync(`/proc/self/fd/${node}`, stats.uid, own.gid);
    if ((stats.mode & 0o7777) !== own.mode) said.push(setMode(own.path, node, stats, own.mode));
  });
  const { files } = own;
  if (files !== undefined)
    for (const name of namesIn(own.path)) said.push(...settleEntry(join(own.path, name), files));
  return said;
}

/** A file in one of hostd's own directories. A file that hostd does not own was put there while others could, and is not believed. */
function settleEntry(path: string, mode: number): string[] {
  let said: string[] = [];
  withReference(path, O_NOFOLLOW, (node, stats) => {
    if (!stats.isFile() || !isOurs(stats)) {
      rmSync(path, { recursive: true, force: true });
      said = [`removed "${path}": it was not hostd's own (of uid ${stats.uid})`];
    } else if ((stats.mode & 0o7777) !== mode && mayChange(stats)) said = [setMode(path, node, stats, mode)];
  });
  return said;
}

/** Works on the open file itself, which a rename meanwhile cannot exchange. Does nothing where nothing has that name. */
function withReference(path: string, flags: number, use: (node: number, stats: Stats) => void): void {
  let node: number;
  try {
    node = openSync(path, O_PATH | flags);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    use(node, fstatSync(node));
  } finally {
    closeSync(node);
  }
}

function setMode(path: string, node: number, stats: Stats, mode: number): string {
  chmodSync(`/proc/self/fd/${node}`, mode);
  const octal = (value: number) => (value & 0o7777).toString(8).padStart(4, '0');
  return `put right "${path}": its mode was ${octal(stats.mode)}, it is ${octal(mode)} now`;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isKind(stats: Stats, kind: Kind): boolean {
  if (kind === 'directory') return stats.isDirectory();
  return kind === 'file' ? stats.isFile() : stats.isSocket();
}

function isOurs({ uid }: Stats): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/** Whether hostd may change what it finds: an ordinary user may use what root has made for it, but not change it. */
function mayChange({ uid }: Stats): boolean {
  return process.geteuid?.() === 0 || uid === process.geteuid?.();
}

function assertOurs(path: string, stats: Stats): void {
  if (!isOurs(stats))
    throw notOurs(path, `it belongs to ${native.user(stats.uid)?.name ?? `uid ${stats.uid}`}`);
}

function notOurs(path: string, why: string): HostdError {
  return new HostdError('permission', `cannot start: "${path}" is not hostd's own: ${why}`, {
    hint: `look at it with: ls -la ${quoteWord(dirname(path))}, then: mv ${quoteWord(path)} ${quoteWord(`${path}.old`)}`,
  });
}
