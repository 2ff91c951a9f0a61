// The standard input of a program that runs: a pipe that the program holds at both ends, so that hostd's death is no end of
// input to it, and that is found again through /proc by any hostd.

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { HostdError, messageOf } from '../../errors.ts';
import { as, type Owner } from '../../linux/paths.ts';
import { identify } from '../../linux/procfs.ts';
import type { Program } from '../../model/host.ts';
import { native, O_PATH } from '../../native/index.ts';
import type { Run } from './run.ts';

/** A pipe of the user's for fd 0 of a new run: whoever reads it waits for ever, rather than to see its end. */
export function makeInput(owner: Owner): number {
  const [read, write] = as(owner, () => native.pipe());
  try {
    return openSync(`/proc/self/fd/${read}`, constants.O_RDWR);
  } finally {
    closeSync(read);
    closeSync(write);
  }
}

/**
 * The writing end of a run's fd 0, opened with its user's rights: what stands there now is of the program's own choosing.
 * @throws HostdError when that is no pipe.
 */
export function openInput(program: Program, run: Run, user: Owner): Socket {
  const path = `/proc/${run.process.pid}/fd/0`;
  const refuse = (why: string) =>
    new HostdError('failed', `cannot attach to "${program.name}": ${why}`, {
      hint: `hostctl exec ${program.name} -- COMMAND, or: hostctl logs -f ${program.name}`,
    });
  let fd = -1;
  try {
    fd = as(user, () => {
      const reference = openSync(path, O_PATH);
      try {
        if (!fstatSync(reference).isFIFO()) throw refuse('it does not read its standard input');
        return openSync(`/proc/self/fd/${reference}`, constants.O_WRONLY | constants.O_NONBLOCK);
      } finally {
        closeSync(reference);
      }
    });
  } catch (error) {
    throw error instanceof HostdError ? error : refuse(messageOf(error));
  }
  // The pid may have become another process's between the two.
  if (identify(run.process.pid)?.starttime !== run.process.starttime) {
    closeSync(fd);
    throw refuse('it has ended');
  }
  return new Socket({ fd, readable: false, writable: true });
}
