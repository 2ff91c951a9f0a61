// The typed wrapper of hostd.c: the few system calls that Node lacks. Knows nothing of apps or programs.
// Every call throws an Error with `code` (such as "EACCES"), `errno` and `syscall`, as node:fs does.

import { createRequire } from 'node:module';
import { errnoOf, HostdError, messageOf } from '../errors.ts';

/** Who is at the other end of a unix socket, told by the kernel (unix(7), SO_PEERCRED). Trust uid, not pid. */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A passwd entry with the user's groups (the primary one included). */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  readonly groups: readonly number[];
}

export interface Group {
  readonly name: string;
  readonly gid: number;
}

/** How a process ended: one of the two is set. */
export interface Ended {
  readonly code: number | null;
  readonly signal: number | null;
}

/** What a socket is, told by the kernel: getsockname(2), SO_TYPE and SO_ACCEPTCONN of socket(7). */
export interface SocketName {
  readonly domain: 'unix' | 'inet' | 'inet6' | '';
  /** A path as it was given to bind(2), or a numeric address; "" for none. */
  readonly address: string;
  readonly port: number;
  readonly stream: 0 | 1;
  /** It listens, and has not been shut down. */
  readonly accepts: 0 | 1;
}

/**
 * What spawn(2)-to-be is told. Everything is applied in the child, in the order of the fields' comments. Besides, it gets
 * nothing of the caller's own: a session of its own, an empty session keyring, every signal at its default and none blocked,
 * no capability to hand on (and none at all unless it is root's), no advantage of nice, I/O class, scheduling or OOM score.
 */
export interface Launch {
  /** Absolute path of the program. */
  readonly file: string;
  /** An open file to execute instead of `file`, or -1; execveat(2). Of a script, or below an emulator, it stays open in the child. */
  readonly binary: number;
  readonly argv: readonly string[];
  /** `KEY=value`; the entry `LISTEN_PID=` gets the child's pid (sd_listen_fds(3)). */
  readonly env: readonly string[];
  /** Entered as the user, after the gate. */
  readonly directory: string | null;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. uid, gid and groups are applied only when the caller is root. */
  readonly groups: readonly number[];
  readonly umask: number;
  /** Flat triples: resource number, soft, hard (-1: infinity); setrlimit(2). */
  readonly limits: readonly number[];
  /** fds[i] becomes the child's fd i; no other fd survives. */
  readonly fds: readonly number[];
  /** An open cgroup directory in which the child is born, or -1. */
  readonly cgroup: number;
  readonly noNewPrivs: 0 | 1;
  /** setpriority(2), -20 to 19; null, or not given: the caller's own, where that is no advantage. */
  readonly nice?: number | null;
  /** proc_pid_oom_score_adj(5), -1000 to 1000; null as for nice. */
  readonly oomScoreAdj?: number | null;
  /** Why the directory cannot be entered or the program not executed is written to its standard error, in Supervisor's words. */
  readonly complain?: 0 | 1;
  /** SIGUSR1 is ignored until the program says otherwise; all other signals do what they usually do. */
  readonly ignoreUsr1?: 0 | 1;
  /** fd 0 is a terminal, and becomes the one that controls the new session; ioctl_tty(2), TIOCSCTTY. */
  readonly terminal?: 0 | 1;
}

/** A child that waits at its gate: write one byte to `gate` and close it to let it run; close it alone to end it. */
export interface Launched {
  readonly pid: number;
  readonly gate: number;
  /** Once the child has ended: two 32-bit words, stage and errno, if it failed before execve; else empty. */
  readonly status: number;
}

/** Stages of `Launched.status`, by number. */
export const launchStages = [
  '',
  'cgroup',
  'limits',
  'user',
  'files',
  'directory',
  'exec',
  'keyring',
  'priority',
] as const;

/** openat2(2): flags for `openAt`. */
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_NO_SYMLINKS = 0x04;
export const RESOLVE_BENEATH = 0x08;
/** open(2): a path reference that reads nothing and opens no device. */
export const O_PATH = 0o10000000;

export interface Native {
  /** Binds and listens on a unix socket that has this owner, and this mode less the umask, from its first moment. */
  listenUnix(path: string, uid: number, gid: number, mode: number, backlog: number): number;
  /** Binds and listens on a numeric address. An IPv6 listener takes IPv6 alone. */
  listenTcp(address: string, port: number, backlog: number): number;
  peer(fd: number): Peer;
  /** @throws ENOTSOCK for anything else. */
  socketOf(fd: number): SocketName;
  /** Whether anybody listens on the unix socket at `path`, of at most 107 bytes. It is asked by connecting, and waits for nobody. */
  answers(path: string): 0 | 1;
  /** listen(2) again, on a listener that another process has shut down. */
  listenAgain(fd: number, backlog: number): void;
  /**
   * Closes what another process may have part in, and could make the close wait: on another thread, for which this one
   * waits at most `patience` milliseconds.
   */
  closeElsewhere(fd: number, patience: number): void;
  /** One sd_notify(3) datagram to `path` (a leading "@" is the abstract namespace). */
  notify(path: string, text: string): number;
  /** Sets this thread's file system ids; the main thread's synchronous node:fs calls then act as that user. */
  setFsIds(uid: number, gid: number): void;
  /** One more name for an open file (O_PATH too) that still has one: `name` in the open directory; linkat(2). */
  linkFile(fd: number, directory: number, name: string): void;
  openAt(dirfd: number, path: string, flags: number, mode: number, resolve: number): number;
  cloexec(fd: number, on: 0 | 1): void;
  /**
   * Takes the first `length` bytes out of a file: a multiple of the block size, less than the file's size. Whoever has
   * it open for appending goes on at the new end. EOPNOTSUPP where the file system cannot; fallocate(2), COLLAPSE_RANGE.
   */
  collapse(fd: number, length: number): void;
  /** This thread, which must not be the main one, keeps only the user's rights to files, and this niceness; for good. */
  lowerThread(uid: number, gid: number, nice: number): void;
  pipe(): [read: number, write: number];
  /** A FIFO in a directory that nobody else may write to; mkfifo(3). */
  makeFifo(path: string, mode: number): void;
  spawn(launch: Launch): Launched;
  pidfdOpen(pid: number): number;
  pidfdSignal(pidfd: number, signal: number): void;
  /** Duplicates another process's fd into this one; pidfd_getfd(2). */
  pidfdGetfd(pidfd: number, fd: number): number;
  /** Reaps an ended child. null: it still runs, or is not a child of this process. */
  reap(pid: number): Ended | null;
  /** pid of a child that has ended and is not reaped yet, or 0. */
  endedChild(): number;
  /** 1: the lock is held until `fd` is closed; 0: another process holds it (flock(2)). */
  lock(fd: number): 0 | 1;
  /** Lets a signal through that Node has left blocked: SIGUSR1 under --disable-sigusr1, once there is a handler. */
  unblock(signal: number): void;
  /** Whether this kernel has IPv6 (ipv6.disable=1, and some containers, take it away). */
  hasIpv6(): 0 | 1;
  /** Orphaned descendants become children of this process. */
  subreaper(): void;
  user(nameOrUid: string | number): User | null;
  group(nameOrGid: string | number): Group | null;
  /**
   * A new pseudo-terminal (pty(7)). `output` and `input` are two descriptors of our side, which do not block; `slave` is the
   * program's. terminal.ts makes streams of them.
   */
  openTerminal(columns: number, rows: number): [output: number, input: number, slave: number];
  /** By either side's fd. The kernel sends SIGWINCH to the foreground group; ioctl_tty(2), TIOCSWINSZ. */
  resizeTerminal(fd: number, columns: number, rows: number): void;
  /** Calls back once, when `fd` is readable (for a pidfd: when the process has ended), or with `writable` when it is that. */
  watch(fd: number, callback: () => void, writable?: 0 | 1): Watch;
  /** Takes back a watch; harmless when it has called back already. */
  unwatch(watch: Watch): void;
}

/** Opaque handle of `watch`. */
export type Watch = { readonly __watch: never };

// The paths are the same from src/native and from dist/native.
const file = new URL(`../../build/linux-${process.arch}/hostd.node`, import.meta.url).pathname;
const builder = new URL('../../src/native/build.sh', import.meta.url).pathname;

/**
 * The loaded addon. Where there is none, what needs no system call goes on, and each call throws the HostdError that says how
 * to build it.
 */
export const native: Native = load();

function load(): Native {
  try {
    return createRequire(import.meta.url)(file) as Native;
  } catch (cause) {
    return missing(cause);
  }
}

function missing(cause: unknown): Native {
  const code = errnoOf(cause);
  const reason = code === 'MODULE_NOT_FOUND' ? 'it was not built' : messageOf(cause).replaceAll(/\s+/g, ' ');
  return new Proxy({} as Native, {
    get() {
      throw new HostdError('failed', `cannot load "${file}": ${reason}`, { hint: `sh ${builder}`, cause });
    },
  });
}
