// One live run of a program: the process, the ways to signal it, and what is left of it when it has ended.

import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { errnoOf } from '../../errors.ts';
import type { Exit } from '../../lifecycle/process.ts';
import { explainExecution } from '../../linux/execution.ts';
import { exitOf } from '../../linux/exit.ts';
import { launchFailure } from '../../linux/launch-failure.ts';
import type { Owner } from '../../linux/paths.ts';
import { type ProcessId, readStat } from '../../linux/procfs.ts';
import { killStrays, noteDescendants, strayPidfds, whenEnded } from '../../linux/strays.ts';
import { type Ended, native } from '../../native/index.ts';
import type { SocketId } from '../sockets/socket-identity.ts';
import { clearCgroup, killCgroup, whenEmpty } from './cgroups.ts';
import type { Ends } from './pipes.ts';

export interface Run {
  readonly number: number;
  readonly process: ProcessId;
  readonly pidfd: number;
  /** null: this machine gives hostd no cgroup2. */
  readonly cgroup: string | null;
  /** Unix time in milliseconds. */
  readonly startedAt: number;
  /** Where the launcher tells why it failed; null for an adopted run. */
  readonly status: number | null;
  /** What it means when the kernel refuses to execute it, in place of errno's name. */
  readonly refusal?: string | undefined;
  /** What it executes, and as whom; undefined: there is nothing more to be said of a failure. */
  readonly executed?: { readonly file: string; readonly owner: Owner } | undefined;
  /** "HOSTD_RUN=...", in the environment of everything that the run has started. */
  readonly marker: string;
  /** hostd's ends of the streams that pass through it; whoever attends to the run closes them. */
  readonly ends: Ends;
  /** The sockets that it was given; undefined: a hostd that did not write them down has started it. */
  readonly sockets?: readonly SocketId[] | undefined;
}

/** How a run came to its end: it exited, or it never became the program. */
export type Ending =
  | { readonly kind: 'exited'; readonly how: Exit }
  | { readonly kind: 'failed'; readonly why: string };

/** Longest wait for processes that even SIGKILL does not end (uninterruptible sleep), in milliseconds. */
const longestSweep = 5000;

/**
 * Calls back once, when the main process has ended and nothing that it started is left. What it has left is killed at
 * once, or, where `gentle` says so, waited for: killRun then ends the wait.
 */
export function whenOver(
  run: Run,
  gentle: () => boolean,
  callback: (ending: Ending, leftAlive: number) => void,
): void {
  native.watch(run.pidfd, () => {
    const wait = gentle();
    // Before the reaping: the zombie still holds the pid, so the group's number can be nobody else's.
    if (!wait) signalGroup(run, 'SIGKILL');
    const ended = native.reap(run.process.pid);
    const ending = endingOf(run, ended);
    const clean = wait ? awaitRest : sweep;
    clean(run, left => {
      closeSync(run.pidfd);
      if (run.status !== null) closeSync(run.status);
      callback(ending, left);
    });
  });
}

/** Sends a signal to the main process, or to its whole process group. */
export function signalRun(run: Run, signal: NodeJS.Signals, group: boolean): void {
  // What the program may leave behind when it ends is still to be seen below it.
  if (run.cgroup === null) noteDescendants(run);
  if (group) signalGroup(run, signal);
  else signalPidfd(run.pidfd, signal);
}

/** A process that has ended meanwhile is as good as signalled. */
function signalPidfd(pidfd: number, signal: NodeJS.Signals): void {
  try {
    native.pidfdSignal(pidfd, constants.signals[signal]);
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

/** The group's number is the main process's pid, which is anybody's once the whole group has gone. */
function signalGroup(run: Run, signal: NodeJS.Signals): void {
  const leader = readStat(run.process.pid);
  if (leader !== null && leader.starttime !== run.process.starttime) return;
  try {
    process.kill(-run.process.pid, signal);
  } catch {
    // Nobody is left in it, or nobody whom this user may signal.
  }
}

function endingOf(run: Run, ended: Ended | null): Ending {
  const failure = run.status === null ? null : launchFailure(run.status, run.refusal);
  if (failure === null) return { kind: 'exited', how: exitOf(ended) };
  const { executed } = run;
  const why = executed === undefined ? failure : explainExecution(failure, executed.file, executed.owner);
  return { kind: 'failed', why };
}

function sweep(run: Run, done: (left: number) => void): void {
  const { cgroup } = run;
  bounded(
    finish => (cgroup === null ? killStrays(run, finish) : clearCgroup(cgroup, finish)),
    ended => done(ended ? 0 : 1),
  );
}

/** Waits for as long as it takes; the caller's timer calls killRun when that is too long. */
function awaitRest(run: Run, done: (left: number) => void): void {
  const rest = () => sweep(run, done);
  if (run.cgroup === null) whenEnded(strayPidfds(run), rest);
  else whenEmpty(run.cgroup, rest);
}

/** Starts a wait and calls back when it is over or has taken too long. */
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
