// At most one hostd on the same state directory: a lock that the kernel drops when its holder dies (flock(2)).
//
// Whoever can open a file can lock it, so the lock is on a file that was never open to others. hostd 0.1.0 locked another one,
// "hostd.lock", which everybody could read: it is taken too, so that this hostd and one of that version never run together. There
// a stranger may be in the way. Its file is then replaced by one of which the stranger has no descriptor; with the first lock in
// hand no other hostd of this version does that at the same time, and one of 0.1.0 finds either file locked.

import { closeSync, ftruncateSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { HostdError } from '../../errors.ts';
import { native } from '../../native/index.ts';
import { flockHolders, type Holder } from './lock-holder.ts';
import { ownPaths } from './own-files.ts';

/**
 * Takes the lock for as long as this process lives. `stateDir` is there and nobody else may write to it (own-files.ts).
 * @throws HostdError 'conflict' that names the process which has it.
 */
export function takeLock(stateDir: string, warn: (message: string) => void): void {
  const { lock, oldLock } = ownPaths({ stateDir, runtimeDir: '' });
  const fd = openSync(lock, 'a+', 0o600);
  if (native.lock(fd) === 0) throw held(stateDir, oldLock, fd);
  const old = takeOld(stateDir, oldLock, warn);
  // For people, and for a version that looks there.
  ftruncateSync(old);
  writeSync(old, `${process.pid}\n`);
}

/** The lock of 0.1.0. */
function takeOld(stateDir: string, path: string, warn: (message: string) => void): number {
  const fd = openSync(path, 'a+', 0o600);
  if (native.lock(fd) === 1) return fd;
  const holders = flockHolders(fd);
  // Unseen: in another pid namespace, where a hostd may be, too.
  if (holders.length === 0 || holders.some(isOneOfUs)) throw held(stateDir, path, fd);
  closeSync(fd);
  const draft = `${path}.new`;
  const fresh = openSync(draft, 'w+', 0o600);
  if (native.lock(fresh) === 0) throw held(stateDir, path, fresh);
  renameSync(draft, path);
  warn(`replaced "${path}": ${holders.map(describe).join(', ')} had locked it, and is no hostd`);
  return fresh;
}

/** Root's, or of the user that hostd runs as. A stranger's sudo is root's as well, while it asks for a password. */
function isOneOfUs({ uids, isSetuid }: Holder): boolean {
  const all = (uid: number | undefined) => uids.length > 0 && uids.every(other => other === uid);
  return !isSetuid && (all(0) || all(process.geteuid?.()));
}

function held(stateDir: string, pidFile: string, fd: number): HostdError {
  const holders = flockHolders(fd);
  closeSync(fd);
  const who = holders.length > 0 ? holders.map(describe).join(', ') : `pid ${readPid(pidFile)}`;
  return new HostdError(
    'conflict',
    `cannot start: hostd runs already with state directory "${stateDir}" (its lock is held by ${who})`,
    { hint: 'hostctl status, or: hostctl shutdown' },
  );
}

function describe({ pid, command, uids }: Holder): string {
  const uid = uids[0] ?? -1;
  return `pid ${pid}, "${command}", of ${native.user(uid)?.name ?? 'uid'} (${uid})`;
}

function readPid(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().slice(0, 20);
  } catch {
    return '?';
  }
}
