// At most one hostd on the same state directory: a lock that the kernel drops when its holder dies (flock(2)).
//
// Any process that can open a file can lock it, so the lock is on a file that was never open to others. hostd 0.1.0 locked another file,
// "hostd.lock", which everybody could read. That one is locked too, so that this version and 0.1.0 never run together. If a stranger
// holds it, the file is replaced by one that the stranger has no descriptor of. The first lock keeps other hostds of this version
// from doing so at the same time, and a hostd 0.1.0 finds either file locked.

import { closeSync, ftruncateSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { HostdError } from '../../errors.ts';
import { native } from '../../native/index.ts';
import { flockHolders, type Holder } from './lock-holder.ts';
import { ownPaths } from './own-files.ts';

/**
 * Takes the lock for as long as this process lives. `stateDir` exists, and only hostd's user can write to it (own-files.ts).
 * @throws HostdError 'conflict' that names the process which has it.
 */
export function takeLock(stateDir: string, warn: (message: string) => void): void {
  const { lock, oldLock } = ownPaths({ stateDir, runtimeDir: '' });
  const fd = openSync(lock, 'a+', 0o600);
  if (native.lock(fd) === 0) throw held(stateDir, oldLock, fd);
  const old = takeOld(stateDir, oldLock, warn);
  // The pid, for people, and for a hostd 0.1.0 that reads it.
  ftruncateSync(old);
  writeSync(old, `${process.pid}\n`);
}

/** Takes the lock of 0.1.0. */
function takeOld(stateDir: string, path: string, warn: (message: string) => void): number {
  const fd = openSync(path, 'a+', 0o600);
  if (native.lock(fd) === 1) return fd;
  const holders = flockHolders(fd);
  // No holder is seen: it is in another pid namespace, and may be a hostd.
  if (holders.length === 0 || holders.some(isOneOfUs)) throw held(stateDir, path, fd);
  closeSync(fd);
  const draft = `${path}.new`;
  const fresh = openSync(draft, 'w+', 0o600);
  if (native.lock(fresh) === 0) throw held(stateDir, path, fresh);
  renameSync(draft, path);
  const who = holders.map(holder => `pid ${holder.pid}, ${describe(holder)}`).join('; ');
  warn(`replaced "${path}": a process that is no hostd had locked it (${who})`);
  return fresh;
}

/** Whether the holder is root, or hostd's own user. A stranger's sudo does not count, though it runs as root while it asks for a password. */
function isOneOfUs({ uids, isSetuid }: Holder): boolean {
  const all = (uid: number | undefined) => uids.length > 0 && uids.every(other => other === uid);
  return !isSetuid && (all(0) || all(process.geteuid?.()));
}

function held(stateDir: string, pidFile: string, fd: number): HostdError {
  const [holder] = flockHolders(fd);
  closeSync(fd);
  const pid = holder?.pid ?? readPid(pidFile);
  const who = holder === undefined ? '' : `: its lock is held by ${describe(holder)}`;
  return new HostdError(
    'conflict',
    `cannot start: hostd runs already with state directory "${stateDir}" (pid ${pid})${who}`,
    { hint: 'hostctl status, or: hostctl shutdown' },
  );
}

/** Command and user, as far as they are known. */
function describe({ command, uids: [uid] }: Holder): string {
  if (uid === undefined) return 'which has ended since and left it to another process';
  return `"${command}" of ${native.user(uid)?.name ?? 'uid'} (${uid})`;
}

function readPid(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().slice(0, 20);
  } catch {
    return '?';
  }
}
