// One live run of a program: its process, the ways to signal it, and what it leaves when it has ended.

import { closeSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import type { Exit } from '../../lifecycle/process.ts';
import { explainExecution } from '../../linux/execution.ts';
import { exitOf } from '../../linux/exit.ts';
import { launchFailure } from '../../linux/launch-failure.ts';
import type { Owner } from '../../linux/paths.ts';
import { type ProcessId, readStat } from '../../linux/procfs.ts';
import { numberOfSignal, type SignalName } from '../../linux/signals.ts';
import { killStrays, noteDescendants, strayPidfds, whenEnded } from '../../linux/strays.ts';
import { type Ended, native } from '../../native/index.ts';
import type { SocketId } from '../sockets/socket-identity.ts';
import { clearCgroup, killCgroup, whenEmpty } from './cgroups.ts';
import { boundMet, forgetKills, hasJustKilled } from './oom.ts';
import type { Ends } from './pipes.ts';

export interface Run {
  readonly number: number;
  readonly process: ProcessId;
  readonly pidfd: number;
  /** null: this machine gives hostd no cgroup2. */
  readonly cgroup: string | null;
  /** Unix time in milliseconds. */
  readonly startedAt: number;
  /** The descriptor on which the launcher tells why it failed; null for an adopted run. */
  readonly status: number | null;
  /** What it means when the kernel refuses to execute the program, in place of errno's name. */
  readonly refusal?: string | undefined;
  /** The file that the run executes, and its user; undefined: a failure is explained no further. */
  readonly executed?:
    | { readonly file: string; readonly directory: string | null; readonly owner: Owner }
    | undefined;
  /** "HOSTD_RUN=...", in the environment of everything that the run has started. */
  readonly marker: string;
  /** hostd's ends of the streams that pass through it. Closed by the code that attends to the run. */
  readonly ends: Ends;
  /** The sockets that the run was given; undefined: it was started by a hostd that did not write them down. */
  readonly sockets?: readonly SocketId[] | undefined;
}

/** How a run has ended: it exited, or it never became the program. */
export type Ending =
  | { readonly kind: 'exited'; readonly how: Exit }
  | { readonly kind: 'failed'; readonly why: string };

/** Milliseconds to wait for processes that even SIGKILL does not end at once (uninterruptible sleep). */
const longestSweep = 5000;

/**
 * Calls back once, when the main process has ended and nothing that it started is left. Processes that it leaves are killed at once.
 * Where `gentle` is true they are waited for, and killRun ends the wait.
 */
export function whenOver(
  run: Run,
  gentle: () => boolean,
  callback: (ending: Ending, leftAlive: number) => void,
): void {
  native.watch(run.pidfd, () => {
    const wait = gentle();
    // Before the zombie is reaped: it still holds the pid, so the group's number can belong to no other group.
    if (!wait) signalGroup(run, 'SIGKILL');
    const ended = native.reap(run.process.pid);
    const ending = withOom(run, endingOf(run, ended));
    const clean = wait ? awaitRest : sweep;
    clean(run, left => {
      closeSync(run.pidfd);
      if (run.status !== null) closeSync(run.status);
      if (run.cgroup !== null) forgetKills(run.cgroup);
      callback(ending, left);
    });
  });
}

/** Sends a signal to the main process, or to its whole process group. */
export function signalRun(run: Run, signal: SignalName, group: boolean): void {
  // The program's descendants can still be found below it, which is not so after its end.
  if (run.cgroup === null) noteDescendants(run);
  if (group) signalGroup(run, signal);
  else signalPidfd(run.pidfd, signal);
}

/** Signals the process. One that has ended in the meantime needs no signal. */
function signalPidfd(pidfd: number, signal: SignalName): void {
  try {
    native.pidfdSignal(pidfd, numberOfSignal(signal));
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

/** SIGKILL to everything that belongs to the run. */
export function killRun(run: Run): void {
  if (run.cgroup !== null) killCgroup(run.cgroup);
  else killStrays(run, () => {});
  signalGroup(run, 'SIGKILL');
  signalPidfd(run.pidfd, 'SIGKILL');
}

/** Signals the process group. Its number is the main process's pid, which the kernel may reuse once the whole group has gone. */
function signalGroup(run: Run, signal: SignalName): void {
  const leader = readStat(run.process.pid);
  if (leader !== null && leader.starttime !== run.process.starttime) return;
  try {
    process.kill(-run.process.pid, numberOfSignal(signal));
  } catch {
    // The group is empty, or this user may signal nobody in it.
  }
}

function endingOf(run: Run, ended: Ended | null): Ending {
  const failure = run.status === null ? null : launchFailure(run.status, run.refusal);
  if (failure === null) return { kind: 'exited', how: exitOf(ended) };
  const { executed } = run;
  const why = executed === undefined ? failure : explainExecution(failure, executed);
  return { kind: 'failed', why };
}

/** Why the kernel has killed it, while its cgroup is still there to tell. */
function withOom({ cgroup }: Run, ending: Ending): Ending {
  if (cgroup === null || ending.kind !== 'exited') return ending;
  const { code, signal } = ending.how;
  const mayBe = signal === 'SIGKILL' || (code === null && signal === null);
  const isKilled = mayBe && hasJustKilled(cgroup, performance.now());
  if (!isKilled) return ending;
  return { ...ending, how: { ...ending.how, oom: boundMet(cgroup) } };
}

function sweep(run: Run, done: (left: number) => void): void {
  const { cgroup } = run;
  bounded(
    finish => (cgroup === null ? killStrays(run, finish) : clearCgroup(cgroup, finish)),
    ended => done(ended ? 0 : 1),
  );
}

/** Waits without a limit. The caller's timer calls killRun when it takes too long. */
function awaitRest(run: Run, done: (left: number) => void): void {
  const rest = () => sweep(run, done);
  if (run.cgroup === null) whenEnded(strayPidfds(run), rest);
  else whenEmpty(run.cgroup, rest);
}

/** Starts a wait. Calls back when the wait is over or has taken too long. */
function bounded(wait: (finish: () => void) => void, callback: (finished: boolean) => void): void {
  let over = false;
  const end = (finished: boolean) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    callback(finished);
  };
  const timer = setTimeout(() => end(false), longestSweep);
  wait(() => end(true));
}
