// A pseudo-terminal (pty(7)) as two streams. spawn() of index.ts starts the program on it. Knows neither the program nor its user.

import { closeSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { HostdError, messageOf } from '../errors.ts';
import { native, type Watch } from './index.ts';

export interface Terminal {
  /** The program's side, for its fds 0 to 2. */
  readonly slave: number;
  /** What the program writes. Ends, without an error, when no process has the other side. */
  readonly output: ReadStream;
  /**
   * What is typed. It waits for a program that does not read, and harms nothing else. It closes with `output`, or at a write when no
   * process has the other side. What was not written then is lost, without an error.
   */
  readonly input: Writable;
  /** Sets the size. The kernel sends SIGWINCH to the program's foreground group. */
  resize(columns: number, rows: number): void;
  /** Called once the program has its own descriptor. */
  closeSlave(): void;
}

/** @throws HostdError when the kernel gives no terminal. */
export function openTerminal(columns: number, rows: number): Terminal {
  const [fd, typed, slave] = open(columns, rows);
  const output = new ReadStream(fd);
  const input = new Keyboard(typed);
  // On Linux, EIO says that the other side is closed.
  output.on('error', () => output.destroy());
  output.on('close', () => input.destroy());
  input.on('error', () => input.destroy());
  let slaveOpen = true;
  return {
    slave,
    output,
    input,
    resize(columns, rows) {
      if (!output.destroyed && columns > 0 && rows > 0) native.resizeTerminal(fd, columns, rows);
    },
    closeSlave() {
      if (slaveOpen) closeSync(slave);
      slaveOpen = false;
    },
  };
}

function open(columns: number, rows: number) {
  try {
    return native.openTerminal(columns, rows);
  } catch (cause) {
    throw new HostdError('failed', `cannot open a terminal: ${messageOf(cause)}`, {
      hint: 'findmnt /dev/pts; sysctl kernel.pty.nr kernel.pty.max',
      cause,
    });
  }
}

/**
 * Writes to our side of a terminal, which does not block. node:tty's own streams would: libuv tries again and again, while everything
 * else stands still, as long as the program does not read.
 */
class Keyboard extends Writable {
  readonly #fd: number;
  #waiting: Watch | null = null;

  constructor(fd: number) {
    super({ highWaterMark: 65_536 });
    this.#fd = fd;
  }

  override _write(bytes: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    let sent = 0;
    try {
      sent = writeSync(this.#fd, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
        done(error as Error);
        return;
      }
    }
    if (sent === bytes.length) {
      done();
      return;
    }
    const goOn = (): void => {
      this.#waiting = null;
      this._write(bytes.subarray(sent), encoding, done);
    };
    this.#waiting = native.watch(this.#fd, goOn, 1);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#waiting !== null) native.unwatch(this.#waiting);
    closeSync(this.#fd);
    done(error);
  }
}
