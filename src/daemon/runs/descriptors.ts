// How many descriptors hostd may open. The last ones are kept for what must work even in a shortage: the control socket, and the
// killing and reaping of programs.

import { closeSync, openSync } from 'node:fs';
import { HostdError } from '../../errors.ts';
import { openFilesNow } from '../../linux/open-files.ts';

/** Descriptors that neither a program's start nor a caller may take. */
const reserve = 64;

let cachedLimit: number | undefined;

/**
 * Called with a descriptor that has just been opened. The kernel gives the lowest free number, so `fd` tells how many are in use.
 * `what` completes "cannot ...". @throws HostdError when only the reserve is left.
 */
export function keepReserve(fd: number, what = 'start'): void {
  cachedLimit ??= openFilesNow();
  // Where the limit is hardly more than the reserve, half of it may be used.
  const usable = cachedLimit - Math.min(reserve, cachedLimit / 2);
  if (fd < usable) return;
  throw new HostdError(
    'failed',
    `cannot ${what}: hostd has ${fd} of its ${cachedLimit} file descriptors in use, and keeps the rest in reserve`,
    { hint: 'LimitNOFILE= in hostd.service, or: ulimit -n' },
  );
}

/** The same check before anything has been opened. */
export function checkReserve(what: string): void {
  const fd = openSync('/dev/null', 'r');
  try {
    keepReserve(fd, what);
  } finally {
    closeSync(fd);
  }
}
