// `hostctl exec`, `shell` and `attach`: the conversation on one upgraded control connection. permissions.ts decides who may have
// what. Loaded for the first conversation.

import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { HostdError, messageOf } from '../../errors.ts';
import type { App } from '../../model/host.ts';
import type { Peer } from '../../native/index.ts';
import {
  decodeRequest,
  decodeSize,
  encodeFrame,
  type Frame,
  FrameReader,
  type TerminalRequest,
} from '../../protocol/terminal.ts';
import { inShort, whoAsks } from '../callers/audit.ts';
import { makeShares } from '../callers/shares.ts';
import { refusalFor } from '../callers/standing.ts';
import { nobody } from '../fleet/elsewhere.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import type { Unit } from '../fleet/unit.ts';
import type { Logger } from '../own/log.ts';
import type { Cgroups } from '../runs/cgroup-tree.ts';
import { checkReserve } from '../runs/descriptors.ts';
import { userOf } from '../runs/launch.ts';
import type { Ending } from '../runs/run.ts';
import { openInput } from '../runs/terminal-input.ts';
import { TerminalCommand } from './terminal-command.ts';

export interface TerminalContext {
  readonly supervisor: Supervisor;
  readonly cgroups: Cgroups | null;
  readonly log: Logger;
}

/** Milliseconds for a caller to say what it wants. */
const openMs = 10_000;
/** Milliseconds from SIGHUP to SIGKILL, once the caller has gone. */
const hangUpMs = 3000;
/** Signals and changes of size in a second. More are dropped: without cgroups each signal is a look through all processes. */
const mostInASecond = 20;
/** Conversations at once: of each caller but root, and of all of them. Each takes up to six descriptors of hostd's. */
const most = { each: 8, all: 32 };

const shares = makeShares(most);
let count = 0;

/** Serves one upgraded connection. `early`: bytes that came with the request. */
export function serveTerminal(socket: Socket, early: Buffer, caller: Peer, context: TerminalContext): void {
  new Conversation(++count, socket, caller, context).start(early);
}

class Conversation {
  readonly #number: number;
  readonly #socket: Socket;
  readonly #caller: Peer;
  readonly #context: TerminalContext;
  readonly #reader = new FrameReader();
  readonly #late: NodeJS.Timeout;
  #opened = false;
  #release: () => void = () => {};
  #second = { begun: Number.NEGATIVE_INFINITY, count: 0 };
  #command: TerminalCommand | null = null;
  /** Takes what is typed. */
  #input: Writable | null = null;

  constructor(number: number, socket: Socket, caller: Peer, context: TerminalContext) {
    this.#number = number;
    this.#socket = socket;
    this.#caller = caller;
    this.#context = context;
    this.#late = setTimeout(() => socket.destroy(), openMs);
  }

  start(early: Buffer): void {
    const socket = this.#socket;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#callerGone());
    socket.on('drain', () => this.#command?.resume());
    if (early.length > 0) this.#take(early);
  }

  #take(bytes: Buffer): void {
    const frames = this.#reader.push(bytes);
    if (frames === null) this.#socket.destroy();
    for (const frame of frames ?? []) if (!this.#socket.destroyed) this.#obey(frame);
  }

  #obey({ kind, bytes }: Frame): void {
    if (this.#opened === (kind === 'open')) {
      this.#socket.destroy();
      return;
    }
    switch (kind) {
      case 'open':
        this.#open(bytes);
        break;
      case 'input':
        if (this.#input?.write(bytes) === false) this.#waitFor(this.#input);
        break;
      case 'end':
        // A terminal's input has no end. Only a key says that it ends.
        if (this.#command?.isOnTerminal !== true) this.#input?.end();
        break;
      case 'resize': {
        if (this.#isTooMuch()) break;
        const size = decodeSize(bytes);
        if (size !== null) this.#command?.resize(size);
        break;
      }
      case 'signal': {
        if (this.#isTooMuch()) break;
        const name = bytes.toString('latin1');
        if (Object.hasOwn(constants.signals, name)) this.#command?.signal(name as NodeJS.Signals);
        break;
      }
      default:
        this.#socket.destroy();
    }
  }

  #isTooMuch(): boolean {
    const now = performance.now();
    if (now - this.#second.begun >= 1000) this.#second = { begun: now, count: 0 };
    this.#second.count += 1;
    return this.#second.count > mostInASecond;
  }

  /** Slows the caller down while the command does not read. */
  #waitFor(input: Writable): void {
    this.#socket.pause();
    const go = (): void => {
      input.off('drain', go).off('close', go);
      this.#socket.resume();
    };
    input.on('drain', go).on('close', go);
  }

  #open(bytes: Buffer): void {
    clearTimeout(this.#late);
    this.#opened = true;
    const request = decodeRequest(bytes);
    const about = this.#about(request);
    const { log } = this.#context;
    try {
      if (request === null)
        throw new HostdError('usage', 'cannot understand what is to be run: hostctl is of another version');
      log.info(about, `terminal: ${about.user} asks for ${request.what}`);
      this.#takeShare();
      this.#begin(request);
    } catch (error) {
      log.warn({ ...about, why: inShort(messageOf(error)) }, 'terminal: refused');
      const hint = error instanceof HostdError && error.hint !== undefined ? { hint: error.hint } : {};
      this.#socket.end(encodeFrame('error', JSON.stringify({ message: messageOf(error), ...hint })));
    }
  }

  /** The caller and the request, for the log. Of a command line only the name: a password may follow. */
  #about(request: TerminalRequest | null) {
    const about = { terminal: this.#number, ...whoAsks(this.#caller) };
    if (request === null) return about;
    const { name, what, argv, env = {} } = request;
    const command = what === 'exec' ? { command: argv[0], arguments: argv.length - 1 } : {};
    const variables = Object.keys(env).length === 0 ? {} : { variables: Object.keys(env) };
    return { ...about, request: inShort({ name, what, ...command, ...variables }) };
  }

  #takeShare(): void {
    const share = shares.take(this.#caller.uid);
    if (typeof share === 'function') {
      this.#release = share;
      return;
    }
    const whose = share === 'each' ? `you have ${most.each}` : `operators have ${most.all}`;
    throw new HostdError('failed', `cannot open another terminal: ${whose} open already`, {
      hint: 'end one of them',
    });
  }

  #begin(request: TerminalRequest): void {
    const { supervisor, cgroups } = this.#context;
    const unit = supervisor.unit(request.name) ?? supervisor.select(request.name)[0];
    if (unit === undefined) throw nobody(supervisor.host(), request.name);
    const { program } = unit;
    const refused = refusalFor(this.#caller, request.what, program, supervisor.host());
    if (refused !== null) throw new HostdError('permission', refused, { hint: 'sudo hostctl ...' });
    const user = userOf(program);
    if (request.what === 'attach') {
      this.#attach(unit, user);
      return;
    }
    const app = supervisor.host().apps.find(other => other.name === program.app) ?? null;
    const environment = { ...program.environment, ...request.env };
    const started = { ...program, environment, command: commandOf(request, app) };
    this.#command = TerminalCommand.start(started, user, request.terminal, this.#number, cgroups, {
      onOutput: (kind, bytes) => this.#socket.destroyed || this.#socket.write(encodeFrame(kind, bytes)),
      onEnd: ending => this.#ended(ending),
    });
    this.#input = this.#command.input;
  }

  #attach({ program, run }: Unit, user: { uid: number; gid: number }): void {
    const { name } = program;
    if (run === null)
      throw new HostdError('failed', `cannot attach to "${name}": it does not run`, {
        hint: `hostctl start ${name}`,
      });
    checkReserve(`attach to "${name}"`);
    const input = openInput(program, run, user);
    const gone = encodeFrame('error', JSON.stringify({ message: `${name}: has ended` }));
    input.on('error', () => this.#socket.end(gone));
    input.on('close', failed => {
      if (!failed) this.#socket.end(encodeFrame('exit', JSON.stringify({ code: 0, signal: null })));
    });
    this.#input = input;
  }

  #ended(ending: Ending): void {
    const how = ending.kind === 'exited' ? ending.how : { message: ending.why };
    this.#context.log.info({ terminal: this.#number, ...how }, 'terminal: ended');
    this.#release();
    this.#command = null;
    this.#socket.end(encodeFrame(ending.kind === 'exited' ? 'exit' : 'error', JSON.stringify(how)));
  }

  /** The caller has gone, as when a line breaks: SIGHUP, and SIGKILL a little later. */
  #callerGone(): void {
    clearTimeout(this.#late);
    const command = this.#command;
    if (command === null) {
      this.#release();
      this.#input?.destroy();
      return;
    }
    command.resume();
    command.signal('SIGHUP');
    setTimeout(() => command.kill(), hangUpMs).unref();
  }
}

/** The command to execute. A shell is one that an account without a login shell can use. */
function commandOf({ what, argv }: TerminalRequest, app: App | null): readonly string[] {
  if (what === 'exec') return argv;
  if (what === 'shell') return [existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh', '-i'];
  if (app === null)
    throw new HostdError('usage', 'cannot open a Django shell: this program belongs to no app', {
      hint: 'hostctl shell NAME, without --django',
    });
  return [`${app.root}/bin/python`, `${app.project}/manage.py`, 'shell'];
}
