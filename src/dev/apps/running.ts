// One command that hostd dev runs, again and again: on a pseudo-terminal where there is a screen to show it on, else on a
// pipe. Says what it writes and how it ends; whether it is started again is not decided here.

import { closeSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { withEnvironment } from '../../linux/procfs.ts';
import { native } from '../../native/index.ts';
import { openTerminal, type Terminal } from '../../native/terminal.ts';
import { type Command, entries, findCommand } from '../plan/command.ts';
import { describe, launchFailure } from './ending.ts';
import { signal } from './signal.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface RunningOptions {
  /** The size of the terminal to run it on; null: a pipe. */
  readonly screen: () => Size | null;
  readonly onOutput: (bytes: Buffer) => void;
  /** It was started, or has ended. */
  readonly onChange: () => void;
  /** A listening socket for its fd 3 (sd_listen_fds(3)), opened anew for each start; it closes when the run ends. */
  readonly listen?: () => number;
}

export type RunningState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly pid: number; readonly since: number }
  /** `how`: "exit code 1", "SIGKILL". `asked`: it was told to. */
  | { readonly kind: 'ended'; readonly how: string; readonly code: number | null; readonly asked: boolean };

/** Milliseconds that the last output has to arrive in: what the command left running may keep the pipe open. */
const lastWordsMs = 300;

export class Running {
  readonly command: Command;
  readonly #options: RunningOptions;
  state: RunningState = { kind: 'idle' };
  #terminal: Terminal | null = null;
  #marker = '';
  #asked = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(command: Command, options: RunningOptions) {
    this.command = command;
    this.#options = options;
  }

  get pid(): number | null {
    return this.state.kind === 'running' ? this.state.pid : null;
  }

  /** @throws HostdError when it cannot be started. */
  start(): void {
    if (this.state.kind === 'running') return;
    const { argv, env, directory, name } = this.command;
    const file = findCommand(argv[0] ?? '', env['PATH'] ?? '/usr/bin:/bin', directory);
    this.#marker = `HOSTD_DEV_RUN=${name}.${process.pid}.${Date.now().toString(36)}`;
    this.#asked = false;
    const size = this.#options.screen();
    const io = size === null ? this.#openPipe() : this.#openTerminal(size);
    let listening: number | undefined;
    const own = {
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
      groups: process.getgroups?.() ?? [],
    };
    try {
      listening = this.#options.listen?.();
      const child = native.spawn({
        file,
        binary: -1,
        argv,
        env: [
          ...entries(env),
          ...(listening === undefined ? [] : ['LISTEN_FDS=1', 'LISTEN_PID=']),
          this.#marker,
        ],
        directory,
        ...own,
        umask: process.umask(),
        limits: [],
        fds: [...io.fds, ...(listening === undefined ? [] : [listening])],
        cgroup: -1,
        noNewPrivs: 0,
        terminal: size === null ? 0 : 1,
      });
      const pidfd = native.pidfdOpen(child.pid);
      writeSync(child.gate, '\n');
      closeSync(child.gate);
      this.state = { kind: 'running', pid: child.pid, since: Date.now() };
      this.#ended = this.#whenEnded(child.pid, child.status, pidfd, listening, io.closed);
    } catch (error) {
      io.stream.destroy();
      if (listening !== undefined) closeSync(listening);
      throw error;
    } finally {
      io.release();
    }
    this.#options.onChange();
  }

  /** SIGTERM to its process group, and after `graceMs` SIGKILL to all that it has started. Resolves when it has ended. */
  async stop(graceMs: number): Promise<void> {
    const { pid } = this;
    if (pid === null) return;
    this.#asked = true;
    signal(-pid, 'SIGTERM');
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.#ended;
    clearTimeout(timer);
  }

  kill(): void {
    const { pid } = this;
    if (pid === null) return;
    this.#asked = true;
    signal(-pid, 'SIGKILL');
    for (const stray of withEnvironment(this.#marker)) signal(stray, 'SIGKILL');
  }

  type(bytes: Buffer | string): void {
    this.#terminal?.input.write(bytes);
  }

  resize({ columns, rows }: Size): void {
    this.#terminal?.resize(columns, rows);
  }

  #openTerminal(size: Size) {
    const terminal = openTerminal(size.columns, size.rows);
    this.#terminal = terminal;
    terminal.output.on('data', (bytes: Buffer) => this.#options.onOutput(bytes));
    return {
      fds: [terminal.slave, terminal.slave, terminal.slave],
      stream: terminal.output as Socket,
      closed: closing(terminal.output),
      release: () => terminal.closeSlave(),
    };
  }

  #openPipe() {
    const [read, write] = native.pipe();
    const nothing = openSync('/dev/null', 'r');
    const stream = new Socket({ fd: read, readable: true, writable: false });
    stream.on('data', (bytes: Buffer) => this.#options.onOutput(bytes));
    stream.on('error', () => stream.destroy());
    return {
      fds: [nothing, write, write],
      stream,
      closed: closing(stream),
      release: () => {
        closeSync(write);
        closeSync(nothing);
      },
    };
  }

  #whenEnded(
    pid: number,
    status: number,
    pidfd: number,
    listening: number | undefined,
    closed: Closing,
  ): Promise<void> {
    return new Promise(resolve => {
      native.watch(pidfd, () => {
        // Before the reaping: until then the group's number is nobody else's.
        signal(-pid, 'SIGKILL');
        for (const stray of withEnvironment(this.#marker)) if (stray !== pid) signal(stray, 'SIGKILL');
        const ended = native.reap(pid);
        const failure = launchFailure(status);
        for (const fd of [pidfd, status]) closeSync(fd);
        // Whoever waits in its backlog learns that nobody is coming.
        if (listening !== undefined) closeSync(listening);
        void closed(lastWordsMs).then(() => {
          this.#terminal = null;
          const end = failure === null ? describe(ended) : { how: failure, code: null };
          this.state = { kind: 'ended', ...end, asked: this.#asked };
          this.#options.onChange();
          resolve();
        });
      });
    });
  }
}

type Closing = (ms: number) => Promise<void>;

/** Waits for a stream to end, and ends it when that takes too long. */
function closing(stream: Socket): Closing {
  const closed = new Promise<void>(resolve => stream.once('close', () => resolve()));
  return async ms => {
    const timer = setTimeout(() => stream.destroy(), ms);
    await closed;
    clearTimeout(timer);
  };
}
