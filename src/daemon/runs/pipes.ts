// The FIFOs between hostd and a run, in hostd's own directory. The run holds its end open for reading and writing, so hostd's death
// is not the end of its stream: it waits while a FIFO is full. The next hostd finds the FIFO by its name, and reads on.

import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { as, type Owner } from '../../linux/paths.ts';
import type { Program } from '../../model/host.ts';
import { native, O_PATH } from '../../native/index.ts';

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;

export const streams = ['stdin', 'stdout', 'stderr'] as const;
export type Stream = (typeof streams)[number];

/** Descriptors by stream; null: the stream does not pass through hostd. */
export type Ends = Readonly<Record<Stream, number | null>>;

export const noEnds: Ends = { stdin: null, stdout: null, stderr: null };

/** Which of a program's streams pass through hostd. */
export function passing({ kind, stdout, stderr }: Pick<Program, 'kind' | 'stdout' | 'stderr'>): Stream[] {
  const isListener = kind === 'listener';
  return streams.filter(stream => {
    if (stream === 'stderr') return stderr !== null && stderr.through !== null;
    return isListener || (stream === 'stdout' && stdout.through !== null);
  });
}

/** The FIFOs of a new run: the run's ends, which the caller closes, and hostd's ends, which do not block. */
export interface Made {
  readonly child: Ends;
  readonly own: Ends;
}

export interface Pipes {
  /** @throws the errors of mkfifo(3) and open(2). Then no FIFO is left. */
  make(program: Program, run: number, owner: Owner): Made;
  /** hostd's ends of a run that an earlier hostd has started. An end that cannot be found is null. */
  find(program: Program, run: number, pid: number): Ends;
  /** The run has ended. */
  remove(name: string, run: number): void;
  /** Removes the FIFOs of all other runs. `runs`: each as NAME.NUMBER. */
  sweep(runs: ReadonlySet<string>): void;
}

/** FIFOs in `directory`, which exists and is hostd's alone (own-files.ts). */
export function makePipes(directory: string): Pipes {
  const pathOf = (name: string, run: number, stream: Stream) => join(directory, `${name}.${run}.${stream}`);
  const pipes: Pipes = {
    make(program, run, owner) {
      const child: Record<Stream, number | null> = { ...noEnds };
      const own: Record<Stream, number | null> = { ...noEnds };
      try {
        for (const stream of passing(program)) {
          const path = pathOf(program.name, run, stream);
          rmSync(path, { force: true });
          native.makeFifo(path, 0o600);
          const fd = openSync(path, O_RDWR);
          child[stream] = fd;
          // The run's user owns its FIFO, so that the program can open /dev/stdout.
          if (process.geteuid?.() === 0) fchownSync(fd, owner.uid, owner.gid);
          own[stream] = openOwn(path, stream);
        }
        return { child, own };
      } catch (error) {
        closeEnds(child);
        closeEnds(own);
        pipes.remove(program.name, run);
        throw error;
      }
    },
    find(program, run, pid) {
      const found: Record<Stream, number | null> = { ...noEnds };
      for (const stream of passing(program))
        found[stream] = openOwnIfThere(pathOf(program.name, run, stream), stream) ?? openByRun(pid, stream);
      return found;
    },
    remove(name, run) {
      for (const stream of streams) rmSync(pathOf(name, run, stream), { force: true });
    },
    sweep(runs) {
      for (const name of readdirSync(directory)) {
        const run = name.slice(0, name.lastIndexOf('.'));
        if (!runs.has(run)) rmSync(join(directory, name), { force: true });
      }
    },
  };
  return pipes;
}

export function closeEnds(ends: Ends): void {
  for (const stream of streams) {
    const fd = ends[stream];
    if (fd !== null) closeSync(fd);
  }
}

function openOwn(path: string, stream: Stream): number {
  return openSync(path, (stream === 'stdin' ? O_WRONLY : O_RDONLY) | O_NONBLOCK);
}

function openOwnIfThere(path: string, stream: Stream): number | null {
  try {
    return openOwn(path, stream);
  } catch {
    // The FIFO is gone, or nobody reads it, or the run, which owns it, has closed it to others.
    return null;
  }
}

/** For a FIFO whose name is gone: opens what the run has at this descriptor now, if it is a FIFO, with the rights of the run's user. */
function openByRun(pid: number, stream: Stream): number | null {
  try {
    const { uid, gid } = statSync(`/proc/${pid}`);
    return as({ uid, gid }, () => {
      const reference = openSync(`/proc/${pid}/fd/${streams.indexOf(stream)}`, O_PATH);
      try {
        return fstatSync(reference).isFIFO() ? openOwn(`/proc/self/fd/${reference}`, stream) : null;
      } finally {
        closeSync(reference);
      }
    });
  } catch {
    return null;
  }
}
