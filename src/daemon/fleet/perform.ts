// One function for each effect. Nothing here decides. The result of an effect goes back to the loop as an event.

import { hintOf, messageOf } from '../../errors.ts';
import { type Effect, type Exit, visitorPatience } from '../../lifecycle/process.ts';
import type { News } from '../../lifecycle/service.ts';
import type { Logs } from '../logs/logs.ts';
import type { Outputs } from '../output/outputs.ts';
import type { Logger } from '../own/log.ts';
import { setLongTimeout } from '../own/long-timeout.ts';
import { type Equipment, type LaunchContext, launch } from '../runs/launch.ts';
import { killRun, type Run, signalRun, whenOver } from '../runs/run.ts';
import type { Perform } from './loop.ts';
import { awaitRequirements } from './requirements.ts';
import type { Trial } from './trial.ts';
import { makeTurns, type Turns } from './turns.ts';
import type { Unit } from './unit.ts';
import type { Words } from './words.ts';

/** Exit code of a process that could not become its program. */
const notSpawned = 127;

/** The parts of hostd that have to do with a run's beginning and end. */
export interface RunContext extends LaunchContext {
  readonly log: Logger;
  /** Keeps which logs a run has open. */
  readonly logs: Logs;
  readonly words: Words;
  /** Reads what a run writes through hostd. */
  readonly outputs: Outputs;
  /** Milliseconds of a turn of the event loop in which programs are begun; absent: one in each turn. */
  readonly beginningMs?: number;
}

export interface PerformContext extends RunContext {
  /** Opens what the unit's next run needs. Throws HostdError when it cannot. `onReady`: the run has said that it is ready. */
  readonly equip: (unit: Unit, onReady: () => void) => Equipment;
  /** Begins the trial of a unit that is to take over; null: the unit has no trial. `onOver`: why it may not take over, or null. */
  readonly tryOut: (unit: Unit, run: number, onOver: (refusal: string | null) => void) => Trial | null;
  /** Called when a program has waited so long for a requirement that visitors should not wait for it. */
  readonly onHopeless: (unit: Unit) => void;
}

export function makePerform(context: PerformContext): Perform {
  const { words } = context;
  const turns = makeTurns(context.beginningMs);
  return (unit, effect, post) => {
    switch (effect.kind) {
      case 'spawn':
        return prepare(unit, effect.run, turns, context, post);
      case 'signal':
        return signal(unit, effect, words);
      case 'kill':
        return kill(unit, words);
      case 'timer': {
        const { run, timer, ms } = effect;
        clearTimeout(unit.timer);
        unit.timer = setLongTimeout(() => post({ kind: 'timer', run, timer }), ms);
        return;
      }
    }
  };
}

/** Waits until all requirements of the program are met, and then for the unit's turn. */
function prepare(
  unit: Unit,
  run: number,
  turns: Turns,
  context: PerformContext,
  post: (news: News) => void,
): void {
  const { requires } = unit.program;
  const waitWith = (cancel: () => void) => {
    unit.cancelWait = () => {
      cancel();
      unit.cancelWait = null;
      post({ kind: 'spawn-failed', run, why: 'stopped before it was started', random: 0 });
    };
  };
  let tooLong: NodeJS.Timeout | undefined;
  const inTurn = (work: () => void) => {
    const cancel = turns.take(() => {
      unit.cancelWait = null;
      work();
    });
    if (cancel !== null) waitWith(cancel);
  };
  const go = () => {
    clearTimeout(tooLong);
    unit.waitsFor = null;
    inTurn(() => tryFirst(unit, run, context, post, () => inTurn(() => spawn(unit, run, context, post))));
  };
  if (requires.length === 0) {
    go();
    return;
  }
  const wait = awaitRequirements(
    requires,
    what => {
      unit.waitsFor = what;
    },
    () => {
      unit.cancelWait = null;
      go();
    },
  );
  unit.waitsFor = requires.map(({ name }) => name).join(', ');
  tooLong = setTimeout(() => context.onHopeless(unit), visitorPatience);
  waitWith(() => {
    clearTimeout(tooLong);
    wait.cancel();
  });
}

/** Tries a unit that is to take over. Any other unit goes on at once. */
function tryFirst(
  unit: Unit,
  run: number,
  context: PerformContext,
  post: (news: News) => void,
  goOn: () => void,
): void {
  const fail = (why: string) => post({ kind: 'spawn-failed', run, why, random: 0 });
  try {
    const trial = context.tryOut(unit, run, refusal => {
      unit.cancelWait = null;
      unit.waitsFor = null;
      if (refusal === null) goOn();
      else fail(refusal);
    });
    if (trial === null) goOn();
    else unit.cancelWait = trial.cancel;
  } catch (error) {
    fail(messageOf(error));
  }
}

function spawn(unit: Unit, run: number, context: PerformContext, post: (news: News) => void): void {
  const { log, words } = context;
  const { name } = unit.program;
  const warn = (message: string) => log.warn({ program: name }, message);
  unit.lastPid = 0;
  try {
    const equipment = context.equip(unit, () => post({ kind: 'ready', run }));
    const live = launch(unit.program, run, equipment, { ...context, warn });
    words.spawned(unit, live.process.pid, run);
    attend(unit, live, context, post);
    post({ kind: 'spawned', run });
  } catch (error) {
    words.failed(unit, messageOf(error));
    forgetExit(unit);
    sayHint(unit, error, warn);
    post({ kind: 'spawn-failed', run, why: messageOf(error), random: Math.random() });
  }
}

/** The last hint for a program that cannot be started. The program is tried again and again, and the same hint is logged once. */
const hints = new WeakMap<Unit, string>();

/** Logs the hint of an error, for which a change of state has no room. */
function sayHint(unit: Unit, error: unknown, warn: (message: string) => void): void {
  const hint = hintOf(error);
  const text = `${messageOf(error)}\n  try: ${hint}`;
  if (hint === undefined || hints.get(unit) === text) return;
  hints.set(unit, text);
  warn(text);
}

/** Gives a unit its run, new or adopted, and watches for the run's end. */
export function attend(unit: Unit, run: Run, context: RunContext, post: (news: News) => void): void {
  const { log } = context;
  const { name } = unit.program;
  unit.run = run;
  unit.upkeep = null;
  unit.unbound = null;
  unit.killed = null;
  unit.refused = null;
  unit.lastPid = run.process.pid;
  unit.startedAt = run.startedAt;
  unit.upSince = performance.now() - Math.max(0, Date.now() - run.startedAt);
  context.logs.attach(unit, run);
  context.outputs.attach(unit, run);
  // A stop of the whole group: its members have the same time as the program.
  const gentle = () => unit.state.kind === 'stopping' && unit.program.stopasgroup;
  whenOver(run, gentle, (ending, leftAlive) => {
    context.records.remove(name, run.number);
    context.outputs.detach(run);
    context.logs.detach(run);
    unit.run = null;
    unit.stoppedAt = Date.now();
    if (leftAlive > 0)
      log.error({ program: name, run: run.number }, 'some of its processes do not end even by SIGKILL');
    const random = Math.random();
    // In Supervisor, a process has begun before it becomes its program.
    const isBegun = unit.program.supervisord !== undefined;
    if (ending.kind === 'failed' && !isBegun) {
      forgetExit(unit);
      post({ kind: 'spawn-failed', run: run.number, why: ending.why, random });
      return;
    }
    const how = ending.kind === 'failed' ? { code: notSpawned, signal: null } : endOf(ending.how, unit);
    unit.lastExit = how;
    context.words.ended(unit, how, run.number);
    post({ kind: 'exited', run: run.number, how, random });
  });
}

/** A run that has not begun has no exit, and the one before it is not to be told as its own. Supervisor keeps it. */
function forgetExit(unit: Unit): void {
  if (unit.program.supervisord === undefined) unit.lastExit = null;
}

/** What hostd itself has killed was not the kernel's. */
function endOf({ oom, ...how }: Exit, { state }: Unit): Exit {
  return oom === undefined || state.kind === 'stopping' ? how : { ...how, oom };
}

function signal(unit: Unit, effect: Effect & { kind: 'signal' }, words: Words): void {
  unit.cancelWait?.();
  if (unit.run === null) return;
  const { program } = unit;
  words.stopping(unit, effect.signal);
  signalRun(unit.run, effect.signal, program.stopasgroup);
}

function kill(unit: Unit, words: Words): void {
  if (unit.run === null) return;
  words.killing(unit, unit.run.process.pid);
  killRun(unit.run);
}
