// A pseudo-terminal (pty(7)) by node-pty, which is loaded when the first one is opened, and may not be there at all. The
// program on it is started by spawn() of index.ts, since node-pty's own keeps the caller's groups.

import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ReadStream } from 'node:tty';
import { HostdError } from '../errors.ts';
import { native } from './index.ts';

export interface Terminal {
  /** The program's side, for its fds 0 to 2. */
  readonly slave: number;
  /** Our side: what the program writes is read from it, what is written to it is typed. It ends when nobody has the other side. */
  readonly stream: ReadStream;
  /** The kernel tells the program's foreground group by SIGWINCH. */
  resize(columns: number, rows: number): void;
  /** Once the program has its own. */
  closeSlave(): void;
}

/** What is used of node-pty: the calls that its own classes are made of. */
interface NodePty {
  readonly native: {
    open(columns: number, rows: number): { master: number; slave: number };
    resize(fd: number, columns: number, rows: number): void;
  };
}

/** @throws HostdError when node-pty was not built, or the kernel gives no terminal. */
export function openTerminal(columns: number, rows: number): Terminal {
  const pty = load().native;
  let open: { master: number; slave: number };
  try {
    open = pty.open(columns, rows);
  } catch (cause) {
    throw new HostdError(
      'failed',
      'cannot open a terminal: the kernel has none left, or /dev/pts is missing',
      { cause },
    );
  }
  const { master, slave } = open;
  for (const fd of [master, slave]) native.cloexec(fd, 1);
  const stream = new ReadStream(master);
  // EIO is how Linux says that the other side is closed.
  stream.on('error', () => stream.destroy());
  let slaveOpen = true;
  return {
    slave,
    stream,
    resize(columns, rows) {
      if (!stream.destroyed && columns > 0 && rows > 0) pty.resize(master, columns, rows);
    },
    closeSlave() {
      if (slaveOpen) closeSync(slave);
      slaveOpen = false;
    },
  };
}

/** Whether terminals can be opened here. */
export function hasTerminals(): boolean {
  try {
    load();
    return true;
  } catch {
    return false;
  }
}

function load(): NodePty {
  try {
    return createRequire(import.meta.url)('node-pty') as NodePty;
  } catch (cause) {
    throw new HostdError(
      'failed',
      'cannot open a terminal: node-pty is not here (it is compiled when hostd is installed, and had no compiler then)',
      {
        hint: 'apt-get install g++ make python3, then npm rebuild node-pty, or: npm install node-pty',
        cause,
      },
    );
  }
}
