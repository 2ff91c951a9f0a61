// Who holds a flock(2) lock: /proc/locks (proc(5)) tells the process that took it.

import { fstatSync, readFileSync, statSync } from 'node:fs';

export interface Holder {
  readonly pid: number;
  /** Its command line; "" when the process has ended. */
  readonly command: string;
  /** Real, effective, saved and file system uid; none when the process has ended. */
  readonly uids: readonly number[];
  /** Whether it runs a set-uid program, such as sudo. */
  readonly isSetuid: boolean;
}

export interface FlockLine {
  readonly pid: number;
  /** "major:minor" in hexadecimal. */
  readonly device: string;
  readonly inode: number;
}

/** Characters of a command line that are shown. */
const longestCommand = 400;

/** The holders of a lock on the file that `fd` has open, not those that wait. Processes of other pid namespaces are not seen. */
export function flockHolders(fd: number): Holder[] {
  const { ino, dev } = fstatSync(fd);
  const lines = parseFlocks(readText('/proc/locks')).filter(line => line.inode === ino);
  const device = `${major(dev).toString(16).padStart(2, '0')}:${minor(dev).toString(16).padStart(2, '0')}`;
  const exact = lines.filter(line => line.device === device);
  // stat(2) on btrfs and overlayfs gives another device than /proc/locks. Then the inode alone counts.
  return (exact.length > 0 ? exact : lines).map(line => holder(line.pid));
}

/** Parses lines such as "1: FLOCK  ADVISORY  WRITE 1234 fd:01:5678 0 EOF". "1: -> FLOCK ..." waits for the lock. */
export function parseFlocks(text: string): FlockLine[] {
  return text.split('\n').flatMap(line => {
    const match = /^\d+: FLOCK +\S+ +\S+ +(\d+) ([0-9a-f]+:[0-9a-f]+):(\d+) /.exec(line);
    const [, pid, device = '', inode] = match ?? [];
    return match === null ? [] : [{ pid: Number(pid), device, inode: Number(inode) }];
  });
}

/** The process that took the lock. If it has ended, an unknown process that inherited the descriptor holds the lock. */
function holder(pid: number): Holder {
  const uids = /^Uid:\s+(.*)$/m.exec(readText(`/proc/${pid}/status`))?.[1];
  if (uids === undefined) return { pid, command: '', uids: [], isSetuid: false };
  const command = readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim().slice(0, longestCommand);
  // A user chose these characters, and they will be shown on root's terminal.
  const plain = command.replace(/[^\x20-\x7e]/g, '?');
  return { pid, command: plain, uids: uids.split(/\s+/).map(Number), isSetuid: isSetuid(pid) };
}

function isSetuid(pid: number): boolean {
  try {
    return (statSync(`/proc/${pid}/exe`).mode & 0o4000) !== 0;
  } catch {
    return false;
  }
}

/** gnu_dev_major(3). */
function major(device: number): number {
  return Number((BigInt(device) >> 8n) & 0xfffn);
}

/** gnu_dev_minor(3). */
function minor(device: number): number {
  return Number((BigInt(device) & 0xffn) | ((BigInt(device) >> 12n) & 0xfff00n));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
