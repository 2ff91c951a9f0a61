// What passes between hostd and a run: FIFOs in hostd's own directory. The run holds its end open for reading and writing, so that
// hostd's death is no end to it: it waits when a FIFO is full, until the next hostd, which finds each by its name, reads on.

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

/** By stream, descriptors; null: it does not pass through hostd. */
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

/** A run's FIFOs when it is new: its own ends, which the caller closes, and hostd's, which do not block. */
export interface Made {
  readonly child: Ends;
  readonly own: Ends;
}

export interface Pipes {
  /** @throws the errors of mkfifo(3) and open(2); then there are none. */
  make(program: Program, run: number, owner: Owner): Made;
  /** hostd's ends of a run that an earlier hostd has started. One that cannot be found is null. */
  find(program: Program, run: number, pid: number): Ends;
  /** The run has ended. */
  remove(name: string, run: number): void;
  /** Removes what belongs to none of these runs, each as NAME.NUMBER. */
  sweep(runs: ReadonlySet<string>): void;
}

/** In a directory that is there, and nobody else's (own-files.ts). */
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
          // Its own, so that it can open /dev/stdout.
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
    // It is gone, or nobody reads it any more, or the run, whose own it is, has closed it to others.
    return null;
  }
}

/** Somebody has cleaned the directory: what the run has at this number now, if it is a FIFO, with the rights of whom it runs as. */
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
