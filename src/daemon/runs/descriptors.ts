// How many descriptors hostd may open. The last ones are kept for what must go on working when there is a shortage:
// the control socket, and the killing and reaping of what runs.

import { closeSync, openSync } from 'node:fs';
import { HostdError } from '../../errors.ts';
import { openFilesNow } from '../../linux/open-files.ts';

/** Descriptors that neither a program's start nor a caller may take. */
const reserve = 64;

let cachedLimit: number | undefined;

/**
 * To be asked with a descriptor that has just been opened: the kernel gives the lowest free number, so it tells how many
 * are in use.
 * `what` completes "cannot ...". @throws HostdError when only the reserve is left.
 */
export function keepReserve(fd: number, what = 'start'): void {
  cachedLimit ??= openFilesNow();
  // A limit that is itself hardly more than the reserve leaves it half.
  const usable = cachedLimit - Math.min(reserve, cachedLimit / 2);
  if (fd < usable) return;
  throw new HostdError(
    'failed',
    `cannot ${what}: hostd has ${fd} of its ${cachedLimit} file descriptors in use, and keeps the rest in reserve`,
    { hint: 'LimitNOFILE= in hostd.service, or: ulimit -n' },
  );
}

/** Like keepReserve, where nothing has been opened yet. */
export function checkReserve(what: string): void {
  const fd = openSync('/dev/null', 'r');
  try {
    keepReserve(fd, what);
  } finally {
    closeSync(fd);
  }
}
