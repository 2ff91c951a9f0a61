// One command of `hostctl exec` or `shell`: with its program's user, groups, environment, directory and limits, on pipes or on a
// terminal, in a cgroup of its own. Never with root's groups, environment or descriptors. Does not know who asked for it.

import { chownSync, closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { HostdError } from '../../errors.ts';
import { openGate } from '../../linux/gate.ts';
import { identify } from '../../linux/procfs.ts';
import type { Program } from '../../model/host.ts';
import { type Launched, native, type User } from '../../native/index.ts';
import { openTerminal, type Terminal } from '../../native/terminal.ts';
import type { TerminalKind, TerminalSize } from '../../protocol/terminal.ts';
import type { Cgroups } from '../runs/cgroup-tree.ts';
import { clearCgroup } from '../runs/cgroups.ts';
import { checkReserve } from '../runs/descriptors.ts';
import { attributesOf, environmentOf, findCommand, groupOf, groupsOf } from '../runs/launch.ts';
import { noEnds } from '../runs/pipes.ts';
import { type Ending, killRun, type Run, signalRun, whenOver } from '../runs/run.ts';

export interface CommandHooks {
  /** Returns false when it takes no more until resume(). */
  readonly onOutput: (kind: 'output' | 'errors', bytes: Buffer) => boolean;
  /** Called once, after the last output. */
  readonly onEnd: (ending: Ending) => void;
}

/** Milliseconds for the last output to arrive, once the caller takes it. */
const lastWordsMs = 500;

/** The commands that have to be ended when hostd ends. */
const open = new Set<Run>();
let isWatchingExit = false;

export class TerminalCommand {
  /** Takes what is typed. */
  readonly input: Writable;
  readonly #run: Run;
  readonly #terminal: Terminal | null;
  readonly #outputs: ReadonlySet<Socket>;
  /** Set once the command has ended. */
  #lastWords: NodeJS.Timeout | null = null;

  private constructor(run: Run, streams: Streams, hooks: CommandHooks) {
    this.#run = run;
    this.input = streams.input;
    this.#terminal = streams.terminal;
    this.#outputs = streams.outputs;
    this.#watch(hooks);
  }

  /**
   * Starts the command for `program`. `number` tells it from other commands.
   * @throws HostdError when it cannot be started.
   */
  static start(
    program: Program,
    user: User,
    kind: TerminalKind | null,
    number: number,
    cgroups: Cgroups | null,
    hooks: CommandHooks,
  ): TerminalCommand {
    const env = environmentOf(program, user, kind === null ? {} : { TERM: kind.term });
    const gid = groupOf(program, user);
    const file = findCommand(program, env['PATH'] ?? '', { uid: user.uid, gid });
    checkReserve('start');
    const streams = kind === null ? openPipes(hooks) : openScreen(kind, user, hooks);
    const marker = `HOSTD_RUN=terminal.${number}.${process.pid}.${Date.now().toString(36)}`;
    const cgroup = cgroups?.makePlain(`terminal.${number}.${process.pid}`) ?? null;
    const born = cgroup === null ? -1 : openSync(cgroup, constants.O_DIRECTORY);
    try {
      const child = native.spawn({
        file,
        binary: -1,
        argv: program.command,
        env: [...Object.entries(env).map(([key, value]) => `${key}=${value}`), marker],
        directory: program.directory,
        uid: user.uid,
        gid,
        groups: groupsOf(user, gid),
        ...attributesOf(program),
        fds: streams.fds,
        cgroup: born,
        terminal: kind === null ? 0 : 1,
      });
      const run = admit(child, number, cgroup, marker);
      return new TerminalCommand(run, streams, hooks);
    } catch (error) {
      if (cgroup !== null) clearCgroup(cgroup, () => {});
      for (const stream of [streams.input, ...streams.outputs]) stream.destroy();
      throw error;
    } finally {
      streams.release();
      if (born >= 0) closeSync(born);
    }
  }

  get isOnTerminal(): boolean {
    return this.#terminal !== null;
  }

  resize({ columns, rows }: TerminalSize): void {
    this.#terminal?.resize(columns, rows);
  }

  /** Signals the command's process group, as a key of a terminal does. */
  signal(name: NodeJS.Signals): void {
    if (open.has(this.#run)) signalRun(this.#run, name, true);
  }

  kill(): void {
    if (open.has(this.#run)) killRun(this.#run);
  }

  resume(): void {
    for (const output of this.#outputs) output.resume();
    this.#lastWords?.refresh();
  }

  #watch({ onEnd }: CommandHooks): void {
    const run = this.#run;
    if (!isWatchingExit) process.on('exit', killOpen);
    isWatchingExit = true;
    open.add(run);
    const closed = [...this.#outputs].map(output => new Promise(resolve => output.once('close', resolve)));
    const over = (ending: Ending): void => {
      open.delete(run);
      this.#lastWords = setTimeout(() => this.#endOutputs(), lastWordsMs);
      void Promise.all(closed).then(() => {
        if (this.#lastWords !== null) clearTimeout(this.#lastWords);
        this.#lastWords = null;
        this.input.destroy();
        onEnd(ending);
      });
    };
    whenOver(run, () => false, over);
  }

  /** Ends the outputs, which another process may hold open. Output that waits for a slow caller goes on with resume(). */
  #endOutputs(): void {
    const outputs = [...this.#outputs];
    if (outputs.some(output => output.isPaused())) return;
    for (const output of outputs) output.destroy();
  }
}

function killOpen(): void {
  for (const run of open) killRun(run);
}

function admit({ pid, gate, status }: Launched, number: number, cgroup: string | null, marker: string): Run {
  try {
    const id = identify(pid);
    if (id === null) throw new HostdError('failed', 'cannot start: ended before it had begun');
    const pidfd = native.pidfdOpen(pid);
    openGate(gate);
    return { number, process: id, pidfd, cgroup, startedAt: Date.now(), status, marker, ends: noEnds };
  } finally {
    closeSync(gate);
  }
}

interface Streams {
  /** The command's fds 0 to 2. */
  readonly fds: readonly number[];
  readonly input: Writable;
  readonly outputs: ReadonlySet<Socket>;
  readonly terminal: Terminal | null;
  /** Closes the command's ends, once the command has them. */
  release(): void;
}

function openPipes(hooks: CommandHooks): Streams {
  const [[stdin, typed], [output, stdout], [errors, stderr]] = [native.pipe(), native.pipe(), native.pipe()];
  const input = new Socket({ fd: typed, readable: false, writable: true });
  // The command has not read its input to the end.
  input.on('error', () => input.destroy());
  const outputs = [
    pass(new Socket({ fd: output, readable: true, writable: false }), 'output', hooks),
    pass(new Socket({ fd: errors, readable: true, writable: false }), 'errors', hooks),
  ];
  const fds = [stdin, stdout, stderr];
  const release = (): void => {
    for (const fd of fds) closeSync(fd);
  };
  return { fds, input, outputs: new Set(outputs), terminal: null, release };
}

function openScreen({ columns, rows }: TerminalKind, { uid, gid }: User, hooks: CommandHooks): Streams {
  const terminal = openTerminal(columns, rows);
  const { slave, input, output } = terminal;
  pass(output, 'output', hooks);
  const release = (): void => terminal.closeSlave();
  try {
    // The command's user may open the terminal by name, as under sshd. Without root it is the user's own already.
    if (process.geteuid?.() === 0) chownSync(`/proc/self/fd/${slave}`, uid, native.group('tty')?.gid ?? gid);
  } catch (error) {
    output.destroy();
    release();
    throw error;
  }
  return { fds: [slave, slave, slave], input, outputs: new Set([output]), terminal, release };
}

function pass(stream: Socket, kind: 'output' | 'errors', { onOutput }: CommandHooks): Socket {
  stream.on('data', (bytes: Buffer) => {
    if (!onOutput(kind, bytes)) stream.pause();
  });
  return stream.on('error', () => stream.destroy());
}
