// Reloads programs before they make trouble, as lifecycle/upkeep.ts decides: one after the other, the urgent ones first. A program
// that cannot be reloaded is restarted. A program without such keys costs nothing: no timer, no look.

import {
  attempted,
  type Cause,
  causeText,
  type Life,
  nextDue,
  nextLook,
  noAttempts,
  pauseAfter,
  type UpkeepRules,
  urgency,
} from '../../lifecycle/upkeep.ts';
import { memoryUse } from '../../linux/memory-use.ts';
import { same } from '../../model/changes.ts';
import type { HealthWatch, Program } from '../../model/host.ts';
import type { Logger } from '../own/log.ts';
import type { Run } from '../runs/run.ts';
import { reload } from './handover.ts';
import { makeHealthWatch, type Stop, type WatchHealth } from './health-watch.ts';
import type { Entry } from './loop.ts';
import { type Report, restart } from './orders.ts';
import { askedBy, type Supervisor } from './supervisor.ts';
import type { Unit } from './unit.ts';

/** Milliseconds of the longest timer, since the clock may be set meanwhile. */
const longestWait = 3_600_000;
/** Milliseconds that other programs wait for one reload, the last requests of its old generation included. */
const longestTurn = 300_000;

interface Rules extends UpkeepRules {
  readonly healthWatch: HealthWatch | null;
}

interface Watch {
  readonly run: Run;
  readonly rules: Rules;
  readonly stop: Stop;
}

interface Wanted {
  readonly name: string;
  readonly run: Run;
  readonly cause: Cause;
}

/** Follows the programs for as long as hostd lives. */
export function keepUp(supervisor: Supervisor, log: Logger): void {
  const watches = new Map<string, Watch>();
  const clocks = new WeakMap<Run, { readonly restartAt: number | null; readonly since: number }>();
  const attempts = new Map<string, typeof noAttempts>();
  const watchHealth = makeHealthWatch(supervisor.host, program => supervisor.sleepers.probing(program));
  const waiting: Wanted[] = [];
  /** By program: the cause that is told of the run that begins now. */
  const reasons = new Map<string, string>();
  let isBusy = false;

  /** Since when the program has its time of day: an update at half past four that asks for 04:00 means tomorrow. */
  const lifeOf = (run: Run, { restartAt }: Rules): Life => {
    const known = clocks.get(run);
    const since =
      known === undefined ? run.startedAt : known.restartAt === restartAt ? known.since : Date.now();
    clocks.set(run, { restartAt, since });
    return { startedAt: run.startedAt, clockSince: since };
  };

  const follow = (entry: Entry) => {
    const { name } = entry;
    const unit = aloneIn(entry);
    const run = unit?.run ?? null;
    const watch = watches.get(name);
    const rules = unit === null ? null : rulesOf(unit.program);
    if (run !== null && watch?.run === run && same(watch.rules, rules)) return;
    watch?.stop();
    watches.delete(name);
    if (unit === null || run === null || rules === null) return;
    const life = lifeOf(run, rules);
    if (!asksFor(rules)) return;
    const wait = (cause: Cause) => want({ name, run, cause });
    watches.set(name, { run, rules, stop: startWatch(unit, run, life, { wait, watchHealth, log }) });
  };

  /** Milliseconds until the reload may be tried again; null: it has begun. */
  const want = (wanted: Wanted): number | null => {
    const { name, cause } = wanted;
    const before = attempts.get(name) ?? noAttempts;
    const pause = before.last + pauseAfter(before) - performance.now();
    if (before.count > 0 && pause > 0) return pause;
    if (waiting.some(other => other.name === name && other.run === wanted.run)) return null;
    const others = waiting.findIndex(other => urgency(other.cause) > urgency(cause));
    waiting.splice(others < 0 ? waiting.length : others, 0, wanted);
    next();
    return null;
  };

  const next = () => {
    if (isBusy) return;
    const wanted = waiting.shift();
    if (wanted === undefined) return;
    isBusy = true;
    const { promise: isLate, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, longestTurn);
    const work = act(supervisor, wanted, reasons, log, () => {
      const { name } = wanted;
      const counted = attempted(attempts.get(name) ?? noAttempts, performance.now());
      attempts.set(name, counted);
      return pauseAfter(counted);
    }).catch(error => log.error({ err: error }, `internal error: ${error}`));
    void Promise.race([work, isLate]).then(() => {
      clearTimeout(late);
      isBusy = false;
      next();
    });
    // Nothing came of it, so the same run is watched again.
    void work.then(() => {
      const { name, run } = wanted;
      const entry = supervisor.loop.entries.get(name);
      if (entry === undefined || watches.get(name)?.run !== run) return;
      watches.get(name)?.stop();
      watches.delete(name);
      follow(entry);
    });
  };

  supervisor.loop.observe(({ entry }) => follow(entry));
  supervisor.loop.listen((unit, before) => {
    const reason = reasons.get(unit.program.name);
    if (reason !== undefined && unit.state.kind === 'running' && before.kind !== 'running')
      unit.upkeep = reason;
  });
}

function rulesOf({ memoryRestart, maxAge, restartAt, healthWatch }: Program): Rules {
  return { memoryRestart, maxAge, restartAt, healthWatch: healthWatch ?? null };
}

function asksFor({ memoryRestart, maxAge, restartAt, healthWatch }: Rules): boolean {
  return memoryRestart > 0 || maxAge > 0 || restartAt !== null || healthWatch !== null;
}

/** The program's unit, if it is RUNNING and has no other generation: on a shared socket it is not known which one answers. */
function aloneIn({ service, units }: Entry): Unit | null {
  const { current, next, heir, old, removing } = service;
  if (current?.state.kind !== 'running' || next !== null || heir !== null || old.length > 0 || removing)
    return null;
  return units.get(current.id) ?? null;
}

interface WatchContext {
  /** Asks for a reload. Returns the milliseconds until it may be tried again; null: it has begun. */
  readonly wait: (cause: Cause) => number | null;
  readonly watchHealth: WatchHealth;
  readonly log: Logger;
}

function startWatch(unit: Unit, run: Run, life: Life, { wait, watchHealth, log }: WatchContext): Stop {
  const { program } = unit;
  const stops: Stop[] = [];
  let isOver = false;
  const later = (ms: number, what: () => void) => {
    const timer = setTimeout(what, Math.min(ms, longestWait));
    stops.push(() => clearTimeout(timer));
  };
  const age = () => {
    const due = nextDue(program, life, Date.now());
    if (due === null) return;
    const left = due.at - Date.now();
    const pause = left > 0 ? left : wait(due.cause);
    if (pause !== null) later(pause, age);
  };
  const look = async () => {
    const limit = program.memoryRestart;
    const used = (await memoryUse(run.cgroup, run.process.pid)) ?? 0;
    if (isOver) return;
    const pause = used < limit ? nextLook(used, limit) : wait({ kind: 'memory', used, limit });
    if (used >= limit && pause !== null)
      unit.upkeep = `${causeText({ kind: 'memory', used, limit })}: ${verbOf(program)}ed in ${minutes(pause)} min`;
    if (pause !== null) later(Math.max(pause, nextLook(limit, limit)), () => void look());
  };
  age();
  if (program.memoryRestart > 0) later(nextLook(1, 1), () => void look());
  if (program.healthWatch !== undefined && program.health !== null) {
    const { path } = program.health;
    stops.push(
      watchHealth(program, {
        onFailed: (failures, why) => {
          const cause: Cause = { kind: 'health', failures, path, why };
          const pause = wait(cause);
          if (pause !== null) unit.upkeep = `${causeText(cause)}: reloaded in ${minutes(pause)} min`;
        },
        onUnasked: why =>
          log.warn({ program: program.name }, `cannot ask "${program.name}" for its health: ${why}`),
      }),
    );
  }
  return () => {
    isOver = true;
    for (const stop of stops) stop();
  };
}

/** Counts an attempt. Returns the milliseconds until the next one. */
async function act(
  supervisor: Supervisor,
  { name, run, cause }: Wanted,
  reasons: Map<string, string>,
  log: Logger,
  count: () => number,
): Promise<void> {
  const unit = supervisor.unit(name);
  // Something else has ended the run meanwhile.
  if (unit?.run !== run || unit.state.kind !== 'running') return;
  const { program } = unit;
  const verb = verbOf(program);
  const text = causeText(cause);
  const pause = minutes(count());
  log.warn({ program: name, cause: cause.kind }, `${verb}ing '${name}': ${text}`);
  unit.upkeep = `to be ${verb}ed: ${text}`;
  reasons.set(name, `${verb}ed for ${text}`);
  const failures: string[] = [];
  const report: Report = progress => {
    if (progress.kind === 'done' && progress.outcome === 'failed') failures.push(progress.message);
  };
  if (cause.kind === 'health') supervisor.tell({ kind: 'health', name, cause: text });
  const asked = askedBy({ what: text, user: null }, supervisor);
  if (verb === 'reload') await reload(asked, [program], log, report);
  else await restart(asked, [program], report);
  reasons.delete(name);
  const now = supervisor.unit(name);
  const [failure] = failures;
  if (failure === undefined || now === undefined) return;
  now.upkeep = `could not be ${verb}ed for ${text}: tried again in ${pause} min`;
  log.error(
    { program: name, cause: cause.kind },
    `${failure}\n  ${text}: tried again in ${pause} min at the earliest`,
  );
}

/** The act on a program: one without a socket has nothing to hand over. */
function verbOf({ socket }: Program): 'reload' | 'restart' {
  return socket === null ? 'restart' : 'reload';
}

function minutes(ms: number): number {
  return Math.ceil(ms / 60_000);
}
