// The commands that people give about programs: start, stop, restart. They post events, wait for what comes of them, and
// report. Programs of one priority are taken together, so that it takes as long as the slowest and not the sum.

import { startWaves, stopWaves } from '../../lifecycle/fleet.ts';
import type { Program } from '../../model/host.ts';
import type { Progress } from '../../protocol/control.ts';
import type { Loop } from './loop.ts';
import { markLog } from './start-log.ts';
import { isDown, statusOf, type Unit } from './unit.ts';

/** Milliseconds that a command waits for a program to leave STARTING, such as one whose health path does not answer. */
const longestStart = 60_000;

export type Report = (progress: Progress) => void;
/** `ms`: how long to wait for a program to leave STARTING. */
export type Order = (loop: Loop, units: readonly Unit[], report: Report, ms?: number) => Promise<void>;

/** Starts what is down, lowest priority number first; a wave waits until the one before it has left STARTING. */
export const start: Order = (loop, units, report, ms = longestStart) =>
  inWaves(startWaves, units, unit => startOne(loop, unit, report, ms));

/** Stops what is up, highest priority number first; done when nothing of the programs is left. */
export const stop: Order = (loop, units, report) =>
  inWaves(stopWaves, units, unit => stopOne(loop, unit, report));

/** Stops and starts each program; its socket keeps its clients waiting meanwhile. */
export const restart: Order = (loop, units, report) =>
  inWaves(startWaves, units, unit => restartOne(loop, unit, report));

async function inWaves(
  waves: (programs: Program[]) => Program[][],
  units: readonly Unit[],
  act: (unit: Unit) => Promise<void>,
): Promise<void> {
  const of = new Map(units.map(unit => [unit.program, unit]));
  for (const wave of waves(units.map(unit => unit.program)))
    await Promise.all(wave.flatMap(program => of.get(program) ?? []).map(act));
}

async function startOne(loop: Loop, unit: Unit, report: Report, ms: number): Promise<void> {
  const { name } = unit.program;
  if (unit.state.kind === 'running' || unit.state.kind === 'starting') {
    await settled(loop, unit, report, started, ms);
    report({ kind: 'done', name, outcome: 'noop', message: `${name}: already started` });
    return;
  }
  const logSince = markLog(unit.program);
  loop.post(unit, { kind: 'start' });
  await settled(loop, unit, report, started, ms);
  report(outcome(unit, 'started', logSince));
}

async function stopOne(loop: Loop, unit: Unit, report: Report): Promise<void> {
  const { name } = unit.program;
  if (isDown(unit)) {
    report({ kind: 'done', name, outcome: 'noop', message: `${name}: not running` });
    return;
  }
  loop.post(unit, { kind: 'stop' });
  await settled(loop, unit, report, isDown);
  report({ kind: 'done', name, outcome: 'ok', message: `${name}: stopped` });
}

async function restartOne(loop: Loop, unit: Unit, report: Report): Promise<void> {
  const { run } = unit.state;
  const logSince = markLog(unit.program);
  loop.post(unit, { kind: 'restart' });
  await settled(
    loop,
    unit,
    report,
    u => isDown(u) || (u.state.run > run && started(u)),
    unit.policy.stopwait + longestStart,
  );
  report(outcome(unit, 'restarted', logSince));
}

function started(unit: Unit): boolean {
  return unit.state.kind !== 'starting' && unit.state.kind !== 'stopping';
}

/** `logSince`: what the program has written since it was told. */
function outcome(unit: Unit, done: string, logSince: () => string): Progress {
  const { name } = unit.program;
  const failed = (message: string): Progress => ({ kind: 'done', name, outcome: 'failed', message });
  if (unit.state.kind === 'running')
    return { kind: 'done', name, outcome: 'ok', message: `${name}: ${done}` };
  const { description } = statusOf(unit, performance.now());
  // A program that is meant to end, such as a migration, has done what it should.
  if (unit.state.kind === 'exited' && unit.policy.exitcodes.includes(unit.state.how.code ?? -1))
    return { kind: 'done', name, outcome: 'ok', message: `${name}: ${done}, and has ended: ${description}` };
  if (unit.state.kind === 'stopped' || unit.state.kind === 'stopping')
    return failed(`${name}: was stopped before it was running`);
  const why =
    unit.state.kind === 'starting' ? `still STARTING after ${longestStart / 1000} s` : 'cannot start';
  return failed(`${name}: ${why}: ${description}${logSince()}\n  try: hostctl logs ${name}`);
}

/** Waits, for at most `ms` milliseconds, and says what for: at first, and whenever the state changes. */
async function settled(
  loop: Loop,
  unit: Unit,
  report: Report,
  done: (unit: Unit) => boolean,
  ms?: number,
): Promise<void> {
  const tell = () => {
    if (done(unit)) return;
    const { name, state, description } = statusOf(unit, performance.now());
    report({ kind: 'waiting', name, state, description });
  };
  tell();
  const quiet = loop.listen(changed => changed === unit && tell());
  await loop.when(unit, done, ms);
  quiet();
}
