// A pseudo-terminal (pty(7)) as two streams. The program on it is started by spawn() of index.ts; who it is, and what is shown to whom,
// is not known here.

import { closeSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { HostdError, messageOf } from '../errors.ts';
import { native, type Watch } from './index.ts';

export interface Terminal {
  /** The program's side, for its fds 0 to 2. */
  readonly slave: number;
  /** What the program writes. It ends, without an error, when nobody has the other side any more. */
  readonly output: ReadStream;
  /**
   * What is typed. A program that does not read makes it wait, and harms nothing else. It closes with `output`, and when there is
   * something to write and nobody has the other side; what was not written then is lost, and no error.
   */
  readonly input: Writable;
  /** The kernel tells the program's foreground group by SIGWINCH. */
  resize(columns: number, rows: number): void;
  /** Once the program has its own. */
  closeSlave(): void;
}

/** @throws HostdError when the kernel gives no terminal. */
export function openTerminal(columns: number, rows: number): Terminal {
  const [fd, typed, slave] = open(columns, rows);
  const output = new ReadStream(fd);
  const input = new Keyboard(typed);
  // EIO is how Linux says that the other side is closed.
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
 * Writes to our side of a terminal, which does not block. node:tty's own streams do: libuv tries again and again, with everything
 * else standing still, for as long as the program does not read.
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
