// Runs scheduled programs at their times, one alarm for all of them, and keeps what has come of it. When to run, what was missed and
// what a run has come to are decided in lifecycle/schedule.ts; that no program runs twice at once is the service's business.

import { messageOf } from '../../errors.ts';
import {
  follow,
  type Memory,
  nextTime,
  type Result,
  resultOf,
  stepOf,
  unseen,
  verdict,
} from '../../lifecycle/schedule.ts';
import { formatUptime } from '../../lifecycle/view.ts';
import type { Program } from '../../model/host.ts';
import type { ProgramStatus } from '../../protocol/control.ts';
import { localTime } from '../../words/timestamp.ts';
import { timetable } from '../../words/timetable.ts';
import type { Tell } from '../events/bus.ts';
import type { Loop, Observed } from '../fleet/loop.ts';
import { isDown, type Unit } from '../fleet/unit.ts';
import type { Logger } from '../own/log.ts';
import type { Records } from '../runs/records.ts';
import { byTime, type Job } from './job.ts';
import { noteSchedule } from './note.ts';
import { TimeLimit } from './time-limit.ts';
import { makeWallClock } from './wall-clock.ts';

export interface Schedules {
  /** Everything that was to be started has been: from now on programs are run. */
  begin(): void;
  /** hostd ends. What stops now was not stopped by anybody, and goes on with the next hostd. */
  end(): void;
  /** Adds to the status of a scheduled program when it is run next, and what has come of its last run. */
  note(status: ProgramStatus): ProgramStatus;
}

export type Memories = Pick<Records, 'schedule' | 'setSchedule'>;

/** To be called once, before any program is adopted or made. */
export function makeSchedules(loop: Loop, memories: Memories, tell: Tell, log: Logger): Schedules {
  const jobs = new Map<string, Job>();
  const queue: Job[] = [];
  let phase: 'starting' | 'running' | 'ending' = 'starting';
  const clock = makeWallClock(() => ring());

  const remember = (job: Job, memory: Memory) => {
    if (memory === job.memory) return;
    job.memory = memory;
    job.next = nextTime(memory, job.timetable, clock.now());
    try {
      memories.setSchedule(job.name, memory);
    } catch (error) {
      log.error({ program: job.name }, messageOf(error));
    }
  };

  /** The alarm is set to the first time of all. */
  const arm = () => {
    if (phase !== 'running') return;
    const times = [...jobs.values()].flatMap(({ next, isQueued }) => (next === null || isQueued ? [] : next));
    clock.ringAt(times.length === 0 ? null : Math.min(...times));
  };

  const ring = () => {
    const now = clock.now();
    // Times are reckoned anew: the clock may have been set.
    for (const job of jobs.values()) job.next = nextTime(job.memory, job.timetable, now);
    const isIdle = queue.length === 0;
    for (const job of [...jobs.values()].filter(({ isQueued }) => !isQueued).sort(byTime))
      if (job.next !== null && job.next <= now && judge(job, job.next, now)) {
        job.isQueued = true;
        queue.push(job);
      }
    if (isIdle) beginNext(stepOf(queue.length));
    arm();
  };

  /** Whether the time that has come is to be kept. If not, it is done with. */
  const judge = (job: Job, due: number, now: number): boolean => {
    const { name, unit, schedule, memory } = job;
    const why =
      verdict(due, now, schedule.catchUp) === 'missed'
        ? 'hostd was not there, or the clock was set'
        : isDown(unit)
          ? null
          : `the run before it still goes on (${unit.lastPid})`;
    if (why === null) return true;
    const later = job.timetable(due);
    const more = later !== null && later <= now ? ', and later ones' : '';
    const missed = `its run of ${localTime(due)}${more}: ${why}`;
    log.warn({ program: name }, `${name} has missed ${missed}`);
    tell({ kind: 'run-missed', name, cause: missed });
    remember(job, { ...memory, upTo: now });
    return false;
  };

  /** Those that are due together begin one after the other. */
  const beginNext = (step: number) => {
    const job = queue.shift();
    if (job === undefined) return;
    job.isQueued = false;
    if (jobs.get(job.name) === job && job.next !== null && phase === 'running') {
      const now = clock.now();
      if (isDown(job.unit)) log.info({ program: job.name }, `${job.name} is due: ${localTime(job.next)}`);
      // It is written down with the beginning of the run.
      const memory = { ...job.memory, upTo: now, begun: isDown(job.unit) ? now : job.memory.begun };
      remember(job, memory);
      const asker = { what: `schedule ${job.schedule.cron}`, user: null };
      loop.ask(job.name, { kind: 'wake' }, () => {}, undefined, asker);
    }
    arm();
    if (queue.length > 0) setTimeout(beginNext, step, step);
  };

  const forget = (job: Job) => {
    jobs.delete(job.name);
    job.limit.end();
    memories.setSchedule(job.name, null);
  };

  const look = ({ entry }: Observed) => {
    const { current, wanted } = entry.service;
    const unit = current === null ? undefined : entry.units.get(current.id);
    const known = jobs.get(entry.name);
    const schedule = unit?.program.schedule ?? null;
    if (unit === undefined || schedule === null) {
      if (known !== undefined) forget(known);
      if (known !== undefined) arm();
      return;
    }
    const isWanted = phase === 'ending' ? (known?.isWanted ?? true) : wanted === 'up';
    const rule = `${schedule.cron} ${schedule.timezone ?? ''}`;
    const now = clock.now();
    const memory = follow(known?.memory ?? memories.schedule(entry.name), rule, isWanted, now);
    const job: Job = known ?? {
      name: entry.name,
      unit,
      schedule,
      timetable: () => null,
      memory: { rule: '', upTo: null, begun: null, last: null },
      next: null,
      isWanted,
      isQueued: false,
      limit: new TimeLimit(loop, log),
    };
    jobs.set(entry.name, job);
    Object.assign(job, { unit, schedule, isWanted });
    if (memory.rule !== job.memory.rule) job.timetable = timetable(schedule.cron, schedule.timezone);
    remember(job, followRun(job, memory, known === undefined, now));
    job.limit.follow(unit, schedule.timeLimit);
    arm();
  };

  /** A run has begun, or has ended. */
  const followRun = (job: Job, memory: Memory, isFirst: boolean, now: number): Memory => {
    const { unit } = job;
    const { begun } = memory;
    if (!isDown(unit)) return begun === null ? { ...memory, begun: unit.startedAt ?? now } : memory;
    // Its beginning is written down before the service knows of it.
    if (begun === null) return memory;
    const ended = begun + tookOf(unit);
    const by = { exitcodes: unit.policy.exitcodes, overdue: job.limit.isPast };
    const last = isFirst ? unseen(begun) : resultOf(unit.state, begun, ended, by);
    job.limit.isPast = false;
    say(unit.program, last);
    return { ...memory, begun: null, last };
  };

  const say = ({ name }: Program, { result, began, ended, why }: Result) => {
    const took = ended === null ? '' : ` after ${formatUptime((ended - began) / 1000)}`;
    const { level, words, kind } = sayings[result];
    log[level]({ program: name }, `${name}: its run of ${localTime(began)} ${words}: ${why}${took}`);
    if (kind !== null) tell({ kind, name, cause: `${why}${took}` });
  };

  loop.observe(look);

  return {
    begin() {
      if (phase === 'starting') phase = 'running';
      arm();
    },
    end() {
      phase = 'ending';
      clock.ringAt(null);
    },
    note(status) {
      const job = jobs.get(status.name);
      return job === undefined ? status : noteSchedule(status, job);
    },
  };
}

/** What is said of a run that has come to this. */
const sayings = {
  ok: { level: 'info', words: 'ended well', kind: 'run-ended' },
  failed: { level: 'error', words: 'failed', kind: 'run-failed' },
  // Its change of state says so.
  stopped: { level: 'info', words: 'was stopped', kind: null },
  unknown: { level: 'warn', words: 'has no result', kind: 'run-unknown' },
} as const satisfies Record<Result['result'], object>;

/** Milliseconds that its last run took, by a clock that nobody sets. */
function tookOf({ lastPid, upSince }: Unit): number {
  return lastPid === 0 || upSince === null ? 0 : Math.max(0, Math.round(performance.now() - upSince));
}
