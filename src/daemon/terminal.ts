// `hostctl exec`, `shell` and `attach`: one command as a program's own user, with its environment, its directory and its limits,
// for as long as its caller stays. Loaded when the first one asks. Never root's groups, environment or descriptors, and never
// root's rights for somebody who is not root.

import { chownSync, closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { Socket as Pipe } from 'node:net';
import { constants as os } from 'node:os';
import { HostdError, messageOf } from '../errors.ts';
import type { App, Program } from '../model/host.ts';
import { native, type Peer, type User } from '../native/index.ts';
import { openTerminal, type Terminal } from '../native/terminal.ts';
import {
  decodeRequest,
  decodeSize,
  encodeFrame,
  type Frame,
  FrameReader,
  type TerminalKind,
  type TerminalRequest,
} from '../protocol/terminal.ts';
import { clearCgroup } from './cgroups.ts';
import {
  environmentOf,
  findCommand,
  groupOf,
  groupsOf,
  type LaunchContext,
  limitsOf,
  userOf,
} from './launch.ts';
import type { Logger } from './log.ts';
import { identify } from './procfs.ts';
import { killRun, type Run, signalRun, whenOver } from './run.ts';
import type { Supervisor } from './supervisor.ts';
import { openInput } from './terminal-input.ts';

export interface TerminalContext {
  readonly supervisor: Supervisor;
  readonly cgroups: LaunchContext['cgroups'];
  readonly log: Logger;
}

/** Milliseconds from SIGHUP to SIGKILL, once the caller has gone. */
const hangUpMs = 3000;
/** Milliseconds that the last output has to arrive in. */
const lastWordsMs = 500;
/** Milliseconds in which a caller has to say what it wants. */
const openMs = 10_000;

/** Every session's run, to be ended with hostd. */
const open = new Map<number, Run>();
let count = 0;

/** Serves one upgraded connection; `early` came with the request. */
export function serveTerminal(socket: Socket, early: Buffer, caller: Peer, context: TerminalContext): void {
  if (count === 0) process.on('exit', killOpen);
  new TerminalSession(++count, socket, caller, context).start(early);
}

function killOpen(): void {
  for (const run of open.values()) killRun(run);
}

class TerminalSession {
  readonly #number: number;
  readonly #socket: Socket;
  readonly #caller: Peer;
  readonly #context: TerminalContext;
  readonly #reader = new FrameReader();
  #run: Run | null = null;
  #terminal: Terminal | null = null;
  /** Where what is typed goes. */
  #input: Pipe | null = null;
  #opened = false;
  #late: NodeJS.Timeout | null = null;
  /** Output that is held back while the caller does not read. */
  readonly #outputs = new Set<Pipe>();

  constructor(number: number, socket: Socket, caller: Peer, context: TerminalContext) {
    this.#number = number;
    this.#socket = socket;
    this.#caller = caller;
    this.#context = context;
  }

  start(early: Buffer): void {
    this.#late = setTimeout(() => this.#socket.destroy(), openMs);
    this.#socket.on('data', (bytes: Buffer) => this.#take(bytes));
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#callerGone());
    this.#socket.on('drain', () => {
      for (const output of this.#outputs) output.resume();
    });
    if (early.length > 0) this.#take(early);
  }

  #take(bytes: Buffer): void {
    const frames = this.#reader.push(bytes);
    if (frames === null) this.#socket.destroy();
    for (const frame of frames ?? []) this.#obey(frame);
  }

  #obey({ kind, bytes }: Frame): void {
    if (!this.#opened && kind !== 'open') {
      this.#socket.destroy();
      return;
    }
    switch (kind) {
      case 'open':
        this.#open(bytes);
        break;
      case 'input':
        if (this.#input?.write(bytes) === false) this.#waitForInput(this.#input);
        break;
      case 'end':
        // A terminal has no end of input but the character that says so.
        if (this.#terminal === null) this.#input?.end();
        break;
      case 'resize': {
        const size = decodeSize(bytes);
        if (size !== null) this.#terminal?.resize(size.columns, size.rows);
        break;
      }
      case 'signal': {
        const name = bytes.toString('latin1');
        if (this.#run !== null && Object.hasOwn(os.signals, name))
          signalRun(this.#run, name as NodeJS.Signals, true);
        break;
      }
      default:
        this.#socket.destroy();
    }
  }

  #waitForInput(input: Pipe): void {
    this.#socket.pause();
    const go = (): void => {
      input.off('drain', go).off('close', go);
      this.#socket.resume();
    };
    input.on('drain', go).on('close', go);
  }

  #open(bytes: Buffer): void {
    if (this.#late !== null) clearTimeout(this.#late);
    const request = this.#opened ? null : decodeRequest(bytes);
    this.#opened = true;
    try {
      if (request === null)
        throw new HostdError('usage', 'cannot understand what is to be run: hostctl is of another version');
      this.#begin(request);
    } catch (error) {
      this.#context.log.warn(this.#about(request), `terminal: refused: ${messageOf(error)}`);
      const hint = error instanceof HostdError && error.hint !== undefined ? { hint: error.hint } : {};
      this.#socket.end(encodeFrame('error', JSON.stringify({ message: messageOf(error), ...hint })));
    }
  }

  /** Who, what, and on whose behalf, for the log. */
  #about(request: TerminalRequest | null) {
    const { uid, pid } = this.#caller;
    const by = native.user(uid)?.name ?? String(uid);
    return {
      terminal: this.#number,
      user: by,
      uid,
      pid,
      ...(request === null ? {} : { program: request.name, what: request.what, argv: request.argv }),
    };
  }

  #begin(request: TerminalRequest): void {
    const { supervisor, log } = this.#context;
    const unit = supervisor.unit(request.name) ?? supervisor.select(request.name)[0];
    if (unit === undefined)
      throw new HostdError('unknown-name', `${request.name}: no such program`, { hint: 'hostctl status' });
    const { program } = unit;
    const user = userOf(program);
    // The operators' group may act for apps; root's own rights are more than that.
    if (user.uid === 0 && this.#caller.uid !== 0)
      throw new HostdError(
        'permission',
        `cannot run a command for "${program.name}": it runs as root, and you are not`,
        { hint: 'sudo hostctl ...' },
      );
    if (request.what === 'attach') {
      if (unit.run === null)
        throw new HostdError('failed', `cannot attach to "${program.name}": it does not run`, {
          hint: `hostctl start ${program.name}`,
        });
      this.#input = openInput(program, unit.run, user);
      this.#watchInput(this.#input, program.name);
      log.info(this.#about(request), `terminal: ${this.#about(null).user} attaches to ${program.name}`);
      return;
    }
    const app = supervisor.host().apps.find(other => other.name === program.app) ?? null;
    this.#spawn({ ...program, command: commandOf(request, app) }, user, request.terminal);
    log.info(
      this.#about(request),
      `terminal: ${this.#about(null).user} runs a command as ${user.name} for ${program.name}`,
    );
  }

  /** Attached: the end of what is typed ends this, and so does the end of the program. */
  #watchInput(input: Pipe, name: string): void {
    const done = encodeFrame('exit', JSON.stringify({ code: 0, signal: null }));
    const gone = encodeFrame('error', JSON.stringify({ message: `${name}: has ended` }));
    input.on('error', () => this.#socket.end(gone));
    input.on('close', failed => {
      if (!failed) this.#socket.end(done);
    });
  }

  #spawn(program: Program, user: User, terminal: TerminalKind | null): void {
    const gid = groupOf(program, user);
    const more = terminal === null ? {} : { TERM: terminal.term };
    const env = environmentOf(program, user, more);
    const file = findCommand(program, env['PATH'] ?? '');
    const marker = `HOSTD_RUN=terminal.${this.#number}.${process.pid}.${Date.now().toString(36)}`;
    const closing: number[] = [];
    const cgroup = this.#context.cgroups?.make(`terminal.${this.#number}.${process.pid}`) ?? null;
    try {
      const fds = terminal === null ? this.#openPipes(closing) : this.#openTerminal(terminal, user);
      const born = cgroup === null ? -1 : openSync(cgroup, constants.O_DIRECTORY);
      if (born >= 0) closing.push(born);
      const child = native.spawn({
        file,
        binary: -1,
        argv: program.command,
        env: [...Object.entries(env).map(([key, value]) => `${key}=${value}`), marker],
        directory: program.directory,
        uid: user.uid,
        gid,
        groups: groupsOf(user, gid),
        umask: program.umask,
        limits: limitsOf(program.limits),
        fds,
        cgroup: born,
        noNewPrivs: program.noNewPrivileges ? 1 : 0,
        terminal: terminal === null ? 0 : 1,
      });
      this.#admit(child, cgroup, marker);
    } catch (error) {
      if (cgroup !== null && this.#run === null) clearCgroup(cgroup, () => {});
      throw error;
    } finally {
      this.#terminal?.closeSlave();
      for (const fd of closing) closeSync(fd);
    }
  }

  #admit(child: { pid: number; gate: number; status: number }, cgroup: string | null, marker: string): void {
    const id = identify(child.pid);
    if (id === null) throw new HostdError('failed', 'cannot start: ended before it had begun');
    const run: Run = {
      number: this.#number,
      process: id,
      pidfd: native.pidfdOpen(child.pid),
      cgroup,
      startedAt: Date.now(),
      status: child.status,
      marker,
    };
    this.#run = run;
    open.set(this.#number, run);
    const outputs = [...this.#outputs].map(
      output => new Promise<void>(resolve => output.once('close', () => resolve())),
    );
    whenOver(
      run,
      () => false,
      ending => {
        open.delete(this.#number);
        this.#run = null;
        const timer = setTimeout(() => {
          for (const output of this.#outputs) output.destroy();
        }, lastWordsMs);
        void Promise.all(outputs).then(() => {
          clearTimeout(timer);
          this.#input?.destroy();
          this.#context.log.info(
            { terminal: this.#number, ...(ending.kind === 'exited' ? ending.how : { why: ending.why }) },
            'terminal: ended',
          );
          const last =
            ending.kind === 'exited'
              ? encodeFrame('exit', JSON.stringify(ending.how))
              : encodeFrame('error', JSON.stringify({ message: ending.why }));
          this.#socket.end(last);
        });
      },
    );
    writeSync(child.gate, '\n');
    closeSync(child.gate);
  }

  #openPipes(closing: number[]): number[] {
    const pipes = [native.pipe(), native.pipe(), native.pipe()] as const;
    const [[stdin, typed], [output, stdout], [errors, stderr]] = pipes;
    closing.push(stdin, stdout, stderr);
    this.#input = new Pipe({ fd: typed, readable: false, writable: true });
    // A command that does not read its input to the end.
    this.#input.on('error', () => this.#input?.destroy());
    this.#pass(new Pipe({ fd: output, readable: true, writable: false }), 'output');
    this.#pass(new Pipe({ fd: errors, readable: true, writable: false }), 'errors');
    return [stdin, stdout, stderr];
  }

  #openTerminal({ columns, rows }: TerminalKind, { uid, gid }: User): number[] {
    const terminal = openTerminal(columns, rows);
    this.#terminal = terminal;
    // Its user may open it again, as ssh's may (by name; the device belongs to nobody else while we hold it).
    chownSync(`/proc/self/fd/${terminal.slave}`, uid, native.group('tty')?.gid ?? gid);
    this.#input = terminal.stream;
    this.#pass(terminal.stream, 'output');
    return [terminal.slave, terminal.slave, terminal.slave];
  }

  #pass(stream: Pipe, kind: 'output' | 'errors'): void {
    this.#outputs.add(stream);
    stream.on('data', (bytes: Buffer) => {
      if (!this.#socket.destroyed && !this.#socket.write(encodeFrame(kind, bytes))) stream.pause();
    });
    stream.on('error', () => stream.destroy());
    stream.on('close', () => this.#outputs.delete(stream));
  }

  /** As when a line breaks off: SIGHUP, and no mercy later. */
  #callerGone(): void {
    if (this.#late !== null) clearTimeout(this.#late);
    const run = this.#run;
    if (run === null) {
      this.#input?.destroy();
      return;
    }
    for (const output of this.#outputs) output.resume();
    signalRun(run, 'SIGHUP', true);
    setTimeout(() => {
      if (this.#run === run) killRun(run);
    }, hangUpMs).unref();
  }
}

/** What is executed. A shell is one that takes an account without a login shell. */
function commandOf({ what, argv }: TerminalRequest, app: App | null): readonly string[] {
  if (what === 'exec') return argv;
  if (what === 'shell') return [existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh', '-i'];
  if (app === null)
    throw new HostdError('usage', 'cannot open a Django shell: this program belongs to no app', {
      hint: 'hostctl shell NAME, without --django',
    });
  return [`${app.root}/bin/python`, `${app.project}/manage.py`, 'shell'];
}
