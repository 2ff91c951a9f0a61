// The caller's side of `hostctl exec`, `shell` and `attach`: connects its terminal, or its pipes, with a command that hostd runs.

import { createConnection, type Socket } from 'node:net';
import { constants } from 'node:os';
import type { ReadStream } from 'node:tty';
import { HostdError } from '../../errors.ts';
import {
  encodeFrame,
  type Frame,
  FrameReader,
  type TerminalExit,
  type TerminalRequest,
  terminalPath,
  terminalProtocol,
} from '../../protocol/terminal.ts';
import type { Context } from '../program/command.ts';
import type { Client } from './client.ts';

/** Whether both sides of the caller are a terminal. */
export function isOnTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** The caller's terminal, for a request; null: pipes. */
export function terminalOf(wanted: boolean, { env }: Context): TerminalRequest['terminal'] {
  if (!wanted) return null;
  const { columns, rows } = process.stdout;
  const term = /^[A-Za-z0-9][\w.+-]{0,63}$/.test(env['TERM'] ?? '') ? (env['TERM'] ?? '') : 'dumb';
  return { columns: columns || 80, rows: rows || 24, term };
}

/** Signals that are passed on: without a terminal, nothing else turns keys into them. */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Runs a request to its end. Returns the command's exit code, or 128 plus the signal's number, as a shell does.
 * @throws HostdError when hostd does not run, or refuses.
 */
export async function runTerminal(
  client: Client,
  request: TerminalRequest,
  context: Context,
): Promise<number> {
  const socket = await upgrade(client.socket);
  const session = new Session(socket, request.terminal !== null, context);
  return session.run(request);
}

/** A connection that has left HTTP. */
async function upgrade(path: string): Promise<Socket> {
  const socket = createConnection(path);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const { explain } = await import('./unreachable.ts');
    throw await explain(error, path);
  }
  socket.write(
    `GET ${terminalPath} HTTP/1.1\r\nHost: hostd\r\nConnection: upgrade\r\nUpgrade: ${terminalProtocol}\r\n\r\n`,
  );
  const head = await readHead(socket);
  if (head.startsWith('HTTP/1.1 101 ')) return socket;
  socket.destroy();
  throw new HostdError('failed', 'cannot open a terminal: this hostd has none', {
    hint: 'hostctl upgrade, or restart hostd: it is of an older version',
  });
}

function readHead(socket: Socket): Promise<string> {
  return new Promise(resolve => {
    let got = Buffer.alloc(0);
    const settle = (head: string): void => {
      socket.off('data', take).off('close', closed).off('error', closed);
      socket.pause();
      resolve(head);
    };
    const take = (bytes: Buffer): void => {
      got = Buffer.concat([got, bytes]);
      const end = got.indexOf('\r\n\r\n');
      if (end === -1) return;
      settle(got.toString('latin1', 0, end));
      if (got.length > end + 4) socket.unshift(got.subarray(end + 4));
    };
    const closed = (): void => settle('');
    socket.on('data', take).on('close', closed).on('error', closed);
  });
}

class Session {
  readonly #socket: Socket;
  readonly #onTerminal: boolean;
  readonly #context: Context;
  readonly #reader = new FrameReader();
  readonly #undo: (() => void)[] = [];

  constructor(socket: Socket, onTerminal: boolean, context: Context) {
    this.#socket = socket;
    this.#onTerminal = onTerminal;
    this.#context = context;
  }

  async run(request: TerminalRequest): Promise<number> {
    const socket = this.#socket;
    try {
      const ended = new Promise<TerminalExit>((resolve, reject) => {
        socket.on('data', (bytes: Buffer) => this.#take(bytes, resolve, reject));
        socket.on('error', () => {});
        socket.on('close', () => reject(brokenOff()));
        // A program that is only attached to goes on without us.
        this.#passSignals(request.what === 'attach' ? () => resolve({ code: 0, signal: null }) : null);
      });
      socket.write(encodeFrame('open', JSON.stringify(request)));
      socket.resume();
      this.#passInput();
      return exitCode(await ended);
    } finally {
      for (const undo of this.#undo) undo();
      socket.destroy();
    }
  }

  #take(bytes: Buffer, resolve: (exit: TerminalExit) => void, reject: (error: Error) => void): void {
    const frames = this.#reader.push(bytes);
    if (frames === null) reject(brokenOff());
    for (const frame of frames ?? []) this.#show(frame, resolve, reject);
  }

  #show({ kind, bytes }: Frame, resolve: (exit: TerminalExit) => void, reject: (error: Error) => void): void {
    switch (kind) {
      case 'output':
      case 'errors': {
        const output = kind === 'output' ? this.#context.stdout : this.#context.stderr;
        output.write(bytes);
        this.#waitFor(output.drained());
        break;
      }
      case 'exit':
        resolve(JSON.parse(bytes.toString('utf8')) as TerminalExit);
        break;
      case 'error': {
        const { message, hint } = JSON.parse(bytes.toString('utf8')) as { message: string; hint?: string };
        reject(new HostdError('failed', message, hint === undefined ? {} : { hint }));
        break;
      }
      default:
        reject(brokenOff());
    }
  }

  /** Slows the command down while our own reader is slow. */
  #waitFor(drained: Promise<void>): void {
    this.#socket.pause();
    void drained.then(() => this.#socket.resume());
  }

  #passInput(): void {
    const { stdin } = process;
    const socket = this.#socket;
    const onData = (bytes: Buffer): void => {
      if (socket.write(encodeFrame('input', bytes))) return;
      stdin.pause();
      socket.once('drain', () => stdin.resume());
    };
    const onEnd = (): void => void socket.write(encodeFrame('end'));
    const isRaw = this.#onTerminal && stdin.isTTY === true;
    if (isRaw) (stdin as ReadStream).setRawMode(true);
    stdin.on('data', onData).on('end', onEnd).on('error', onEnd);
    stdin.resume();
    this.#undo.push(() => {
      stdin.off('data', onData).off('end', onEnd);
      if (isRaw) (stdin as ReadStream).setRawMode(false);
      stdin.pause();
      // A pipe that nobody writes to would keep this process alive.
      (stdin as Partial<ReadStream>).unref?.();
    });
  }

  /** `leave`: what a signal does instead of being passed on. */
  #passSignals(leave: (() => void) | null): void {
    for (const name of passedOn) {
      const pass = (): void => {
        if (leave === null) this.#socket.write(encodeFrame('signal', name));
        else leave();
      };
      process.on(name, pass);
      this.#undo.push(() => process.off(name, pass));
    }
    void letUsr1Through();
    if (!this.#onTerminal) return;
    const resized = (): void => {
      const { columns, rows } = process.stdout;
      if (columns && rows) this.#socket.write(encodeFrame('resize', JSON.stringify({ columns, rows })));
    };
    process.stdout.on('resize', resized);
    this.#undo.push(() => process.stdout.off('resize', resized));
  }
}

/** Unblocks SIGUSR1, which Node leaves blocked under --disable-sigusr1. Loaded here, since no other command needs the addon. */
async function letUsr1Through(): Promise<void> {
  try {
    const { native } = await import('../../native/index.ts');
    native.unblock(constants.signals.SIGUSR1);
  } catch {
    // No addon: SIGUSR1 is not passed on.
  }
}

function exitCode({ code, signal }: TerminalExit): number {
  if (code !== null) return code;
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
}

function brokenOff(): HostdError {
  return new HostdError('failed', 'cannot say how it ended: hostd closed the connection', {
    hint: 'hostctl status, or: journalctl -u hostd',
  });
}
