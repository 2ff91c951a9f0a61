// The typed wrapper of hostd.c: the few system calls that Node lacks, and a digest. Knows nothing of apps or programs.
// Every call throws an Error with `code` (such as "EACCES"), `errno` and `syscall`, as node:fs does.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { errnoOf, HostdError, messageOf } from '../errors.ts';

/** The process at the other end of a unix socket, as the kernel tells (unix(7), SO_PEERCRED). Trust uid, not pid. */
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
  /** It has left a core dump. */
  readonly dumped?: true;
}

/** A socket's kind, as the kernel tells: getsockname(2), SO_TYPE and SO_ACCEPTCONN of socket(7). */
export interface SocketName {
  readonly domain: 'unix' | 'inet' | 'inet6' | '';
  /** The path that bind(2) was given, or a numeric address; "" for none. */
  readonly address: string;
  readonly port: number;
  readonly stream: 0 | 1;
  /** Whether it listens, and was not shut down. */
  readonly accepts: 0 | 1;
}

/**
 * How a child is started. Everything is applied in the child, in the order of the fields. The child gets nothing else of the
 * caller's: it has a session of its own, an empty session keyring, every signal at its default and none blocked, no capability to
 * pass on (and none at all unless it is root), no advantage of nice, I/O class, scheduling or OOM score.
 */
export interface Launch {
  /** Absolute path of the program. */
  readonly file: string;
  /** An open file to execute instead of `file`, or -1; execveat(2). For a script, or with an emulator, it stays open in the child. */
  readonly binary: number;
  readonly argv: readonly string[];
  /** `KEY=value`. The entry `LISTEN_PID=` gets the child's pid (sd_listen_fds(3)). */
  readonly env: readonly string[];
  /** The working directory, entered as the user after the gate. */
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
  /** An open cgroup directory that the child is born in, or -1. */
  readonly cgroup: number;
  readonly noNewPrivs: 0 | 1;
  /** setpriority(2), -20 to 19; null or absent: the caller's own, unless that is an advantage. */
  readonly nice?: number | null;
  /** proc_pid_oom_score_adj(5), -1000 to 1000; null as for nice. */
  readonly oomScoreAdj?: number | null;
  /** Whether a failure to enter the directory or to execute the program is written to its standard error, in Supervisor's words. */
  readonly complain?: 0 | 1;
  /** 1: niceness, scheduling, I/O class, OOM score and personality are passed on, also where they favour this process. */
  readonly keepAdvantages?: 0 | 1;
  /** Whether SIGUSR1 is ignored until the program changes that. All other signals have their defaults. */
  readonly ignoreUsr1?: 0 | 1;
  /** Whether fd 0 is a terminal, and becomes the controlling one of the new session; ioctl_tty(2), TIOCSCTTY. */
  readonly terminal?: 0 | 1;
}

/** A child that waits at its gate. Write one byte to `gate` and close it to let the child run. Only close it to end the child. */
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
  /** Binds and listens on a numeric address. An IPv6 listener takes only IPv6. */
  listenTcp(address: string, port: number, backlog: number): number;
  peer(fd: number): Peer;
  /** @throws ENOTSOCK for anything but a socket. */
  socketOf(fd: number): SocketName;
  /** Whether a process listens on the unix socket at `path`, of at most 107 bytes. Connects to find out, and does not wait. */
  answers(path: string): 0 | 1;
  /** listen(2) again, on a listener that another process has shut down. */
  listenAgain(fd: number, backlog: number): void;
  /**
   * Closes a file that other processes may share, and could make the close wait: on another thread, for which this one
   * waits at most `patience` milliseconds.
   */
  closeElsewhere(fd: number, patience: number): void;
  /** One sd_notify(3) datagram to `path` (a leading "@" is the abstract namespace). */
  notify(path: string, text: string): number;
  /** Sets this thread's file system ids. The main thread's synchronous node:fs calls then act as that user. */
  setFsIds(uid: number, gid: number): void;
  /** Gives an open file (O_PATH too) that still has a name one more: `name` in the open directory; linkat(2). */
  linkFile(fd: number, directory: number, name: string): void;
  openAt(dirfd: number, path: string, flags: number, mode: number, resolve: number): number;
  cloexec(fd: number, on: 0 | 1): void;
  /**
   * Takes the first `length` bytes out of a file: a multiple of the block size, less than the file's size. A process that has
   * it open for appending goes on at the new end. EOPNOTSUPP where the file system cannot; fallocate(2), COLLAPSE_RANGE.
   */
  collapse(fd: number, length: number): void;
  /** SHA-256 (FIPS 180-4) of the text's UTF-8 bytes, in hexadecimal digits. */
  sha256(text: string): string;
  /** As many bytes that nobody can guess, at most 64, in hexadecimal digits; getrandom(2). */
  randomHex(bytes: number): string;
  /** Gives the kernel back what is free of malloc's memory; malloc_trim(3). */
  trim(): void;
  /** This thread, which must not be the main one, keeps only the user's rights to files, and gets this niceness. For good. */
  lowerThread(uid: number, gid: number, nice: number): void;
  pipe(): [read: number, write: number];
  /** Makes a FIFO in a directory that only this user may write to; mkfifo(3). */
  makeFifo(path: string, mode: number): void;
  spawn(launch: Launch): Launched;
  pidfdOpen(pid: number): number;
  pidfdSignal(pidfd: number, signal: number): void;
  /** Duplicates another process's fd into this one; pidfd_getfd(2). */
  pidfdGetfd(pidfd: number, fd: number): number;
  /** Reaps a child that has ended. null: it still runs, or is no child of this process. */
  reap(pid: number): Ended | null;
  /** pid of a child that has ended and is not reaped yet, or 0. */
  endedChild(): number;
  /** 1: the lock is held until `fd` is closed; 0: another process holds it (flock(2)). */
  lock(fd: number): 0 | 1;
  /** Unblocks a signal that Node has left blocked: SIGUSR1 under --disable-sigusr1, once there is a handler. */
  unblock(signal: number): void;
  /** Whether this kernel has IPv6 (ipv6.disable=1, and some containers, take it away). */
  hasIpv6(): 0 | 1;
  /** Orphaned descendants become children of this process. */
  subreaper(): void;
  user(nameOrUid: string | number): User | null;
  group(nameOrGid: string | number): Group | null;
  /**
   * A new pseudo-terminal (pty(7)). `output` and `input` are two descriptors of our side, which do not block. `slave` is the
   * program's. terminal.ts makes streams of them.
   */
  openTerminal(columns: number, rows: number): [output: number, input: number, slave: number];
  /** Sets the size, by the fd of either side. The kernel sends SIGWINCH to the foreground group; ioctl_tty(2), TIOCSWINSZ. */
  resizeTerminal(fd: number, columns: number, rows: number): void;
  /** read(2): bytes read, or minus the error's number (os.constants.errno). For hot paths; elsewhere node:fs is easier to use. */
  read(fd: number, buffer: Buffer): number;
  /** write(2), or pwrite(2) with an offset: bytes written, or minus the error's number. */
  write(fd: number, buffer: Buffer, offset?: number): number;
  /**
   * Calls back once, when `fd` is readable (for a pidfd: when the process has ended), or with `writable` when it is that. With
   * `repeats` it calls back in each turn of the event loop in which the fd is so, until `unwatch`.
   */
  watch(fd: number, callback: () => void, writable?: 0 | 1, repeats?: 0 | 1): Watch;
  /**
   * An epoll(7) of its own that is readable while `fd` is. `watch` makes what it is given non-blocking, and of a listener that
   * would be so for the program too.
   */
  epoll(fd: number): number;
  /** Ends a watch. Harmless when it has called back for the last time already. */
  unwatch(watch: Watch): void;
  /**
   * Notes who connects to a listener, also where a program accepts at once, by any clock and on any file system; io_submit(2). Keeps the
   * listener open until `stopNoting`. @throws EINVAL before Linux 4.19; EAGAIN where fs.aio-max-nr is used up, ENOSYS without CONFIG_AIO.
   */
  noteConnections(listener: number): Note;
  /** Whether somebody has connected since the last call (or `noteConnections`), or waits to be accepted. @throws EAGAIN */
  wasConnected(note: Note): 0 | 1;
  /** The note is not to be used again. */
  stopNoting(note: Note): void;
  /** A timer by the clock on the wall, as a file descriptor to be watched; timerfd_create(2). */
  wallTimer(): number;
  /** Makes it readable at this Unix time in milliseconds, which may have passed; also when the clock is set (TFD_TIMER_CANCEL_ON_SET). */
  setWallTimer(fd: number, at: number): void;
  /** It is not readable any more, until it is set anew. */
  clearWallTimer(fd: number): void;
  /** All of a small file of the kernel's own (/proc, cgroup2), a character for each byte; null: it cannot be read. A third of what node:fs takes. */
  readKernelFile(path: string): string | null;
}

/** Opaque handle of `watch`. */
export type Watch = { readonly __watch: never };

/** Opaque handle of `noteConnections`. */
export type Note = { readonly __note: never };

// The paths are the same from src/native and from dist/native.
const file = join(import.meta.dirname, `../../build/linux-${process.arch}/hostd.node`);
const builder = join(import.meta.dirname, '../../src/native/build.sh');

/** The file of the addon that is loaded; null where none could be. */
export let addonFile: string | null = null;

/**
 * The loaded addon. Where it is missing, code that needs no system call works all the same. Each call throws a HostdError that says
 * how to build it.
 */
export const native: Native = load();

function load(): Native {
  try {
    const loaded = createRequire(import.meta.url)(file) as Native;
    addonFile = file;
    return loaded;
  } catch (cause) {
    return missing(cause);
  }
}

function missing(cause: unknown): Native {
  const code = errnoOf(cause);
  const reason = code === 'MODULE_NOT_FOUND' ? 'it was not built' : messageOf(cause).replaceAll(/\s+/g, ' ');
  return new Proxy({} as Native, {
    get() {
      throw new HostdError('failed', `cannot load "${file}": ${reason}`, { hint: `sh "${builder}"`, cause });
    },
  });
}
