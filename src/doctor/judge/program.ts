// Whether an app and its other programs run, by what hostd says of them. Pure.

import type { App } from '../../model/host.ts';
import type { ChangeReport, ProgramStatus } from '../../protocol/control.ts';
import type { JournalEvent } from '../../protocol/journal.ts';
import { type Check, type Finding, found, joined, type Looked, made, nothing } from '../finding.ts';
import { type LoggedError, since } from './log.ts';

const minute = 60_000;
/** Milliseconds: times in logs are whole seconds. */
const oneSecond = 1000;
/** Times within an hour that a program may die before it is told. */
const mostDeaths = 3;
/** Milliseconds between a death and the start that follows it by itself. */
const longestPause = 2 * minute;

export interface ProgramFacts {
  readonly name: string;
  /** null: hostd has no such program. */
  readonly status: ProgramStatus | null;
  readonly events: readonly JournalEvent[];
  readonly error: LoggedError | null;
  readonly now: number;
}

export function judgeProgram(facts: ProgramFacts): Looked {
  const { name, status, events } = facts;
  if (status === null)
    return found(
      made('program', 'error', `"${name}" is not in force: hostd does not know it`, 'hostctl update', {
        explains: true,
      }),
    );
  if (status.schedule !== null) return judgeScheduled(status);
  const own = events.filter(event => event.name === name);
  switch (status.state) {
    case 'RUNNING':
      return joined(judgeDeaths(facts, own), judgeReload(own, name));
    case 'STOPPED':
      return status.idle_since === null ? stopped(status, own, facts.now) : nothing;
    case 'STARTING':
      return starting(status, facts);
    case 'STOPPING':
      return found(made('program', 'warning', `${name} is stopping`, `hostctl status ${name}`));
    default:
      return found(down(status, facts));
  }
}

/** It is down, and nobody has wanted that. */
function down(status: ProgramStatus, { error }: ProgramFacts): Finding {
  const { name, state, description, spawnerr } = status;
  const why = [description, spawnerr].find(text => text !== '') ?? 'nobody knows why';
  const again = state === 'BACKOFF' ? '' : `, and when it is mended: hostctl start ${name}`;
  const message = `${name} is ${state}: ${why}${saidIn(error, status)}`;
  return made('program', 'error', message, `hostctl logs ${name}${again}`);
}

/** The last error in the log, unless it is of an earlier run. */
function saidIn(error: LoggedError | null, { started }: Pick<ProgramStatus, 'started'>): string {
  if (error === null) return '';
  const isOld = error.at !== null && started !== null && error.at < started * 1000 - oneSecond;
  return isOld ? '' : `; last in its log: ${error.text}`;
}

function stopped(status: ProgramStatus, own: readonly JournalEvent[], now: number): Looked {
  const { name } = status;
  const at = status.stopped === null ? null : status.stopped * 1000;
  // Not every event is kept: one of another time tells of another stop.
  const asked = own.findLast(
    event =>
      (event.kind === 'stopping' || event.kind === 'stopped') &&
      event.by !== undefined &&
      Math.abs(Date.parse(event.time) - (at ?? 0)) < 2 * minute,
  );
  const by = asked !== undefined && 'by' in asked ? ` by ${asked.by}` : '';
  const how =
    at === null
      ? ', and was not started: autostart = false, or it was stopped before'
      : `${by}, ${since(now - at)} ago`;
  return found(
    made('program', 'error', `${name} is stopped${how}`, `hostctl start ${name}`, { explains: true }),
  );
}

/** A start that takes long, or follows one that has failed, is a fault. */
function starting(status: ProgramStatus, { now, error }: ProgramFacts): Looked {
  const { name, description, started, exitstatus } = status;
  const ms = started === null ? 0 : now - started * 1000;
  const isLong = ms > minute / 2;
  const hasFailed = exitstatus !== null && exitstatus !== 0;
  const why = description === '' ? '' : `: ${description}`;
  const how = hasFailed ? ', and has failed before' : isLong ? `, for ${since(ms)}` : '';
  const message = `${name} is still starting${how}${why}${saidIn(error, hasFailed ? { started: null } : status)}`;
  return found(made('program', isLong || hasFailed ? 'error' : 'warning', message, `hostctl logs ${name}`));
}

/** A program that dies and comes back looks well between two deaths. */
function judgeDeaths({ name, now, error, status }: ProgramFacts, own: readonly JournalEvent[]): Looked {
  const lately = own.filter(event => now - Date.parse(event.time) < 60 * minute);
  const deaths = lately.filter(
    ({ kind }) => kind === 'backoff' || kind === 'fatal' || kind === 'oom' || kind === 'exited',
  );
  const times = deaths.reduce((sum, { repeated = 0 }) => sum + 1 + repeated, 0);
  const last = deaths.at(-1);
  if (last === undefined || times < mostDeaths) return nothing;
  // It was started anew since, by somebody.
  if ((status?.started ?? 0) * 1000 - Date.parse(last.time) > longestPause) return nothing;
  const said = error === null ? '' : `; last in its log: ${error.text}`;
  const message = `${name} has ended ${times} times within an hour, the last time ${since(now - Date.parse(last.time))} ago: ${last.cause}${said}`;
  return found(made('program', 'warning', message, `hostctl events ${name}; hostctl logs ${name}`));
}

function judgeReload(own: readonly JournalEvent[], name: string): Looked {
  const last = own.findLast(
    ({ kind }) => kind === 'reloaded' || kind === 'reload-refused' || kind === 'starting',
  );
  if (last?.kind !== 'reload-refused') return nothing;
  const message = `its last reload was refused, and the code before it serves on: ${last.cause}`;
  return found(made('program', 'warning', message, `hostctl events ${name}, then: hostctl reload ${name}`));
}

function judgeScheduled({ name, schedule }: ProgramStatus): Looked {
  if (schedule?.last?.result !== 'failed') return nothing;
  const message = `${name} failed at its last run: ${schedule.last.why}`;
  return found(made('program', 'warning', message, `hostctl logs ${name}, then: hostctl start ${name}`));
}

/** `stopped`: pids that a signal has stopped. They are alive, so nobody starts them again. */
export function judgeStopped(check: Check, what: string, stopped: readonly number[]): Looked {
  if (stopped.length === 0) return nothing;
  const one = stopped.length === 1;
  const which = one ? `its process ${stopped[0]} is` : `${stopped.length} of its processes are`;
  const message = `${what}: ${which} stopped by a signal (SIGSTOP), and ${one ? 'answers' : 'answer'} nobody`;
  return found(made(check, 'error', message, `kill -CONT ${stopped.join(' ')}`, { explains: true }));
}

/** Whether the files say something else of the app than what is in force. */
export function judgeChanges({ name }: Pick<App, 'name'>, changes: readonly ChangeReport[]): Looked {
  const own = changes.find(change => change.name === name && change.change === 'changed');
  if (own === undefined) return nothing;
  const what = own.keys.length === 0 ? '' : ` (${own.keys.join(', ')})`;
  return found(
    made('configuration', 'warning', `its file has changes that are not in force${what}`, 'hostctl update'),
  );
}
