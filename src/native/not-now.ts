// What native.read and native.write return when they have done nothing yet.

import { constants } from 'node:os';

const { EAGAIN, EINTR } = constants.errno;

/** Whether the call is to be made again when the descriptor is ready: it would have blocked, or a signal came first. read(2), write(2). */
export function isNotNow(result: number): boolean {
  return result === -EAGAIN || result === -EINTR;
}
