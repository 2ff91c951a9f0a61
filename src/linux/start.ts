// A command on pipes, in a session of its own: root's own command, or one of the app's user. The latter runs a stranger's code, and
// gets nothing of the administrator's: no keyring, no capability, no open file (native.spawn).

import { spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { HostdError } from '../errors.ts';
import { native } from '../native/index.ts';
import { launchFailure } from './launch-failure.ts';
import { givenOpenFiles, nofile } from './open-files.ts';

export interface Started {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Sends SIGKILL to its process group. */
  kill(): void;
  /**
   * Calls back once: with the exit code, -1 when a signal has ended it, or with the reason why it could not be started. Processes that
   * it has left in its group have been killed. A process that has left the group may still have the output open.
   */
  whenOver(callback: (ending: number | Error) => void): void;
}

type Environment = Readonly<Record<string, string>>;

export function startAsRoot(argv: readonly string[], env: Environment): Started {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { cwd: '/', env: { ...env }, stdio: 'pipe', detached: true });
  const { stdin, stdout, stderr, pid } = child;
  const kill = () => killGroup(pid);
  return {
    stdin,
    stdout,
    stderr,
    kill,
    whenOver(callback) {
      child.on('error', callback);
      child.on('exit', code => {
        kill();
        callback(code ?? -1);
      });
    },
  };
}

export interface Limits {
  /** Supplementary groups; none unless given. */
  readonly groups?: readonly number[];
  /** Flat triples: resource number, soft, hard; setrlimit(2). */
  readonly limits?: readonly number[];
  /** The working directory, entered as the user. */
  readonly directory?: string;
}

/** Starts the command as this user. Only root can start it as another user. */
export function startAs(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  argv: readonly string[],
  env: Environment,
  { groups = [], limits = [], directory = '/' }: Limits = {},
): Started {
  const [[stdin, typed], [output, stdout], [errors, stderr]] = [native.pipe(), native.pipe(), native.pipe()];
  const open = givenOpenFiles();
  const { pid, gate, status } = native.spawn({
    file: argv[0] ?? '',
    binary: -1,
    argv,
    env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    directory,
    uid,
    gid,
    groups,
    umask: 0o022,
    limits: [...(open === null ? [] : [nofile, open.soft ?? -1, open.hard ?? -1]), ...limits],
    fds: [stdin, stdout, stderr],
    cgroup: -1,
    noNewPrivs: 1,
  });
  for (const fd of [stdin, stdout, stderr]) closeSync(fd);
  const pidfd = native.pidfdOpen(pid);
  writeSync(gate, '\n');
  closeSync(gate);
  let isOver = false;
  return {
    stdin: new Socket({ fd: typed, readable: false, writable: true }),
    stdout: new Socket({ fd: output, readable: true, writable: false }),
    stderr: new Socket({ fd: errors, readable: true, writable: false }),
    kill() {
      if (isOver) return;
      // The process may not have its own group yet.
      native.pidfdSignal(pidfd, constants.signals.SIGKILL);
      killGroup(pid);
    },
    whenOver(callback) {
      native.watch(pidfd, () => {
        // Before the process is reaped: until then the group's number belongs to no other group.
        killGroup(pid);
        isOver = true;
        const failure = failureIn(status);
        const ended = native.reap(pid);
        for (const fd of [pidfd, status]) closeSync(fd);
        callback(failure ?? ended?.code ?? -1);
      });
    },
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended already.
  }
}

function failureIn(status: number): Error | null {
  const failure = launchFailure(status);
  return failure === null
    ? null
    : new HostdError('failed', `cannot run a command as the app's user: ${failure}`);
}
