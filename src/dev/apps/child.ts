// One run of a command of hostd dev: on a pseudo-terminal where there is a screen, else on a pipe. Tells what the command writes and how
// it ends. Does not know why it is started, or whether it will be again.

import { closeSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { type Exit, exitOf } from '../../linux/exit.ts';
import { launchFailure } from '../../linux/launch-failure.ts';
import { identify } from '../../linux/procfs.ts';
import type { SignalName } from '../../linux/signals.ts';
import { killStrays, noteDescendants, type Origin } from '../../linux/strays.ts';
import { native } from '../../native/index.ts';
import { openTerminal, type Terminal } from '../../native/terminal.ts';
import { type Command, entries, findCommand } from '../plan/command.ts';
import { signal } from './signal.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface ChildOptions {
  /** The size of its terminal; null: it runs on a pipe. */
  readonly size: Size | null;
  readonly onOutput: (bytes: Buffer) => void;
  /** A listening socket for its fd 3 (sd_listen_fds(3)). Closed when the run ends. */
  readonly listening: number | undefined;
  /** Called once: the command has ended, and all its output was told. A string: why it never became the command. */
  readonly onEnd: (how: Exit | string) => void;
}

/** Milliseconds for the last output to arrive. A process that the command has left may keep the pipe open. */
const lastWordsMs = 300;

export interface Child {
  readonly pid: number;
  /** Signals its process group. */
  signal(name: SignalName): void;
  /** Sends SIGKILL to everything that it has started. */
  kill(): void;
  type(bytes: Buffer | string): void;
  resize(size: Size): void;
}

/** Starts the command. @throws HostdError when it cannot be started. Then `listening` is closed. */
export function startChild(command: Command, options: ChildOptions): Child {
  const { size, listening, onOutput } = options;
  const given = listening === undefined ? [] : [listening];
  let io: Streams | null = null;
  try {
    io = size === null ? openPipe(onOutput) : openScreen(size, onOutput);
    return follow(spawn(command, io, given), io, options);
  } catch (error) {
    io?.stream.destroy();
    for (const fd of given) closeSync(fd);
    throw error;
  } finally {
    io?.release();
  }
}

interface Spawned extends Origin {
  readonly pidfd: number;
  readonly status: number;
}

function spawn({ argv, env, directory, name }: Command, io: Streams, given: readonly number[]): Spawned {
  const file = findCommand(argv[0] ?? '', env['PATH'] ?? '/usr/bin:/bin', directory);
  const marker = `HOSTD_DEV_RUN=${name}.${process.pid}.${Date.now().toString(36)}`;
  const { pid, gate, status } = native.spawn({
    file,
    binary: -1,
    argv,
    env: [...entries(env), ...(given.length === 0 ? [] : ['LISTEN_FDS=1', 'LISTEN_PID=']), marker],
    directory,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
    umask: process.umask(),
    limits: [],
    fds: [...io.fds, ...given],
    cgroup: -1,
    noNewPrivs: 0,
    terminal: io.terminal === null ? 0 : 1,
  });
  const pidfd = native.pidfdOpen(pid);
  // A child that was killed at its gate has no identity any more.
  const id = identify(pid) ?? { pid, starttime: 0, bootId: '' };
  writeSync(gate, '\n');
  closeSync(gate);
  return { process: id, marker, pidfd, status };
}

function follow(run: Spawned, { terminal, closed }: Streams, { listening, onEnd }: ChildOptions): Child {
  const { pid } = run.process;
  let isOver = false;
  const kill = () => {
    signal(-pid, 'SIGKILL');
    killStrays(run, () => {});
  };
  native.watch(run.pidfd, () => {
    // Before the process is reaped: until then the group's number belongs to no other group.
    kill();
    isOver = true;
    const failure = launchFailure(run.status);
    const how = exitOf(native.reap(pid));
    for (const fd of [run.pidfd, run.status]) closeSync(fd);
    // Clients in its backlog learn that nobody will answer.
    if (listening !== undefined) closeSync(listening);
    void closed(lastWordsMs).then(() => onEnd(failure ?? how));
  });
  return {
    pid,
    signal(name) {
      if (isOver) return;
      // Its descendants can still be found below it, which is not so after its end.
      noteDescendants(run);
      signal(-pid, name);
    },
    kill() {
      if (!isOver) kill();
    },
    type: bytes => void terminal?.input.write(bytes),
    resize: ({ columns, rows }) => terminal?.resize(columns, rows),
  };
}

interface Streams {
  /** The command's fds 0 to 2. */
  readonly fds: readonly number[];
  readonly stream: Socket;
  /** null: it is on a pipe. */
  readonly terminal: Terminal | null;
  /** Waits until its output ends, and ends it after that many milliseconds. */
  readonly closed: (ms: number) => Promise<void>;
  /** Closes the command's ends, once the command has them. */
  release(): void;
}

function openScreen({ columns, rows }: Size, onOutput: ChildOptions['onOutput']): Streams {
  const terminal = openTerminal(columns, rows);
  const { slave, output } = terminal;
  output.on('data', onOutput);
  return {
    fds: [slave, slave, slave],
    stream: output,
    terminal,
    closed: closing(output),
    release: () => terminal.closeSlave(),
  };
}

function openPipe(onOutput: ChildOptions['onOutput']): Streams {
  const [read, write] = native.pipe();
  const nothing = openSync('/dev/null', 'r');
  const stream = new Socket({ fd: read, readable: true, writable: false });
  stream.on('data', onOutput);
  stream.on('error', () => stream.destroy());
  return {
    fds: [nothing, write, write],
    stream,
    terminal: null,
    closed: closing(stream),
    release: () => {
      closeSync(write);
      closeSync(nothing);
    },
  };
}

function closing(stream: Socket): Streams['closed'] {
  const closed = new Promise<void>(resolve => stream.once('close', () => resolve()));
  return async ms => {
    const timer = setTimeout(() => stream.destroy(), ms);
    await closed;
    clearTimeout(timer);
  };
}
