// The worker's note (protocol/note.ts): memory that hostd reads. Where memory cannot be shared, since the addon is missing, the note is
// written to its file now and then.

import { closeSync, writeSync } from 'node:fs';
import { loadBareSockets } from '../native/bare-sockets.ts';
import { noteSize } from '../protocol/note.ts';

export interface Note {
  readonly memory: ArrayBuffer;
  /** Brings what is in memory to hostd, where that does not happen by itself; null where it does. */
  readonly flush: (() => void) | null;
}

/** `fd`: of a file of that size; null: nobody reads the note. */
export function openNote(fd: number | null, sites: number): Note {
  const size = noteSize(sites);
  const memory = fd === null ? null : (loadBareSockets()?.share(fd) ?? null);
  if (fd !== null && memory !== null && memory.byteLength >= size) {
    closeSync(fd);
    return { memory, flush: null };
  }
  const own = new ArrayBuffer(size);
  return { memory: own, flush: fd === null ? null : () => writeWhole(fd, own) };
}

function writeWhole(fd: number, memory: ArrayBuffer): void {
  try {
    writeSync(fd, new Uint8Array(memory), 0, memory.byteLength, 0);
  } catch {
    // Nobody would read of it: the counters are only late, until there is room again.
  }
}
