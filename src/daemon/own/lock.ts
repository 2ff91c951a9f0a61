// At most one hostd on the same state directory: a lock that the kernel drops when its holder dies.

import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { HostdError } from '../../errors.ts';
import { native } from '../../native/index.ts';

/**
 * Takes the lock for as long as this process lives.
 * @throws HostdError 'conflict' that names the process which has it.
 */
export function takeLock(stateDir: string): number {
  mkdirSync(stateDir, { recursive: true, mode: 0o711 });
  const path = join(stateDir, 'hostd.lock');
  const fd = openSync(path, 'a+', 0o644);
  if (native.lock(fd) === 0) {
    const pid = readFileSync(path, 'utf8').trim();
    closeSync(fd);
    throw new HostdError(
      'conflict',
      `cannot start: hostd runs already with state directory "${stateDir}" (pid ${pid})`,
      {
        hint: 'hostctl status, or: hostctl shutdown',
      },
    );
  }
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`);
  return fd;
}
