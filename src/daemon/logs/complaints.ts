// Says once what goes wrong with a log, and once when it is well again.

import { statfsSync } from 'node:fs';
import { HostdError, messageOf } from '../../errors.ts';

/** What is wrong with a log, or well again: kinds of what is remembered (protocol/journal.ts). */
export type Trouble = 'log-trouble' | 'log-good' | 'disk-full' | 'disk-free';
export type Say = (level: 'info' | 'warn', message: string, kind: Trouble) => void;

/** A disk with less room than this for its users is full, in bytes. */
const noRoom = 64 * 1024;

export interface Complaints {
  cannotRotate(error: unknown): void;
  hasRotated(): void;
  /** Whether the disk of an open log is full. Only the program is told so, by write(2), and it may not pass it on. */
  lookAtDisk(fd: number): boolean;
}

export function makeComplaints(path: string, say: Say): Complaints {
  let trouble: string | null = null;
  let wasFull = false;
  return {
    cannotRotate(error) {
      const hint = error instanceof HostdError && error.hint !== undefined ? `\n  try: ${error.hint}` : '';
      const message = `cannot rotate "${path}": ${messageOf(error)}${hint}`;
      if (message === trouble) return;
      trouble = message;
      say('warn', message, 'log-trouble');
    },
    hasRotated() {
      if (trouble === null) return;
      trouble = null;
      say('info', `rotates "${path}" again`, 'log-good');
    },
    lookAtDisk(fd) {
      const { bavail, bsize } = statfsSync(`/proc/self/fd/${fd}`);
      const full = bavail * bsize < noRoom;
      if (full === wasFull) return full;
      wasFull = full;
      if (full) say('warn', `no space left for "${path}": what is written to it is lost`, 'disk-full');
      else say('info', `there is space for "${path}" again`, 'disk-free');
      return full;
    },
  };
}
