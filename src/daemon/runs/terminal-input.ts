// The standard input of a running program: a pipe that the program holds at both ends, so hostd's death is not the end of its
// input. Any hostd finds the pipe through /proc.

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { HostdError, messageOf } from '../../errors.ts';
import { as, type Owner } from '../../linux/paths.ts';
import { identify } from '../../linux/procfs.ts';
import type { Program } from '../../model/host.ts';
import { native, O_PATH } from '../../native/index.ts';
import type { Run } from './run.ts';

/** A pipe for fd 0 of a new run, owned by the user. Its reader waits for ever, and never sees the end. */
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
 * The writing end of a run's fd 0, opened with its user's rights: the program may have put anything there by now.
 * @throws HostdError when it is not a pipe.
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
  // Another process may have got the pid between the two steps.
  if (identify(run.process.pid)?.starttime !== run.process.starttime) {
    closeSync(fd);
    throw refuse('it has ended');
  }
  return new Socket({ fd, readable: false, writable: true });
}
