// Which processes belong to a test: those whose environment, command line, directory or output has its mark.
// Only reads /proc. Signals only pids that it has just seen to have the mark.

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly command: string;
}

/** What distinguishes a test's processes from all others. */
export interface Mark {
  /** Entry of the environment, such as "HOSTD_TEST=x1y2". */
  readonly environment: string;
  /** The test's own directory. */
  readonly directory: string;
}

/** How many files and sockets the process has open. */
export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Processes with the mark, without zombies. Only root sees those of other users. */
export function marked(mark: Mark): Process[] {
  const found: Process[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const seen = look(pid);
    if (seen && carries(pid, seen.command, mark)) found.push(seen);
  }
  return found;
}

/** The process; null: there is none with this pid. A zombie is none. */
export function look(pid: number): Process | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    if (/^State:\s+Z/m.test(status)) return null;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    const field = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    return { pid, ppid: field('PPid'), uid: field('Uid'), command };
  } catch {
    return null;
  }
}

/** How many processes the kernel counts against the user's limit: those that have ended and were not reaped, too. */
export function countedFor(uid: number): number {
  return readdirSync('/proc').filter(
    name => /^\d+$/.test(name) && statSync(`/proc/${name}`, { throwIfNoEntry: false })?.uid === uid,
  ).length;
}

/** Children of `pid`, the youngest last. */
export function childrenOf(pid: number): Process[] {
  return readdirSync('/proc')
    .map(Number)
    .flatMap(candidate => (Number.isInteger(candidate) ? (look(candidate) ?? []) : []))
    .filter(process => process.ppid === pid)
    .sort((a, b) => a.pid - b.pid);
}

/** How many children of `parent` have ended and were not reaped. */
export function zombiesOf(parent: number): number {
  return readdirSync('/proc').filter(name => {
    try {
      const [state, ppid] = readFileSync(`/proc/${name}/stat`, 'latin1').split(') ').pop()?.split(' ') ?? [];
      return state === 'Z' && Number(ppid) === parent;
    } catch {
      return false;
    }
  }).length;
}

/** Kills everything with the mark, until nothing is left. Returns what it had to kill. */
export function killMarked(mark: Mark): Process[] {
  const killed: Process[] = [];
  for (let round = 0; round < 50; round++) {
    const left = marked(mark);
    if (left.length === 0) break;
    for (const process_ of left) {
      killed.push(process_);
      try {
        process.kill(process_.pid, 'SIGKILL');
      } catch {
        // The process has ended.
      }
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  return [...new Map(killed.map(process_ => [process_.pid, process_])).values()];
}

function carries(pid: number, command: string, mark: Mark): boolean {
  if (command.includes(mark.directory)) return true;
  const inside = (link: string) =>
    attempt(() => readlinkSync(`/proc/${pid}/${link}`).startsWith(mark.directory));
  return (
    environmentOf(pid).includes(mark.environment) ||
    // A proxy worker has only a part of hostd's environment, but its log is the test's.
    ['cwd', 'fd/1', 'fd/2'].some(inside)
  );
}

/** "KEY=value" each, as the process was started with; empty where it has ended or cannot be looked at. */
export function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return [];
  }
}

function attempt(look: () => boolean): boolean {
  try {
    return look();
  } catch {
    return false;
  }
}
