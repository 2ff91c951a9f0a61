// The commands for programs: start, stop, restart. They ask the programs' services, wait for the results, and report. Programs of
// one priority are taken together, so a command takes as long as the slowest of them, not the sum.

import { startWaves, stopWaves } from '../../lifecycle/fleet.ts';
import type { Outcome, Word } from '../../lifecycle/service.ts';
import type { Program } from '../../model/host.ts';
import type { Progress } from '../../protocol/control.ts';
import { longestStart } from './kinds.ts';
import type { Answer, Order } from './loop.ts';
import { markLog } from './start-log.ts';
import type { Supervisor } from './supervisor.ts';
import { isDown, statusOf, type Unit } from './unit.ts';

export type Report = (progress: Progress) => void;
/** A command for several programs. */
export type Command = (supervisor: Supervisor, programs: readonly Program[], report: Report) => Promise<void>;

/** Starts programs that are down, the lowest priority number first. A wave begins when the one before it has left STARTING. */
export const start: Command = (supervisor, programs, report) =>
  inWaves(startWaves, programs, ({ name }) => startOne(supervisor, name, 'start', report));

/** Starts programs that an update or a boot has left to be started, unless another command has come meanwhile. */
export const resume: Command = (supervisor, programs, report) =>
  inWaves(startWaves, programs, ({ name }) => startOne(supervisor, name, 'resume', report));

/** Stops programs, the highest priority number first. Done when nothing of them is left. */
export const stop: Command = (supervisor, programs, report) =>
  inWaves(stopWaves, programs, ({ name }) => stopOne(supervisor, name, report));

/** Stops and starts each program. Clients wait in its socket meanwhile. */
export const restart: Command = (supervisor, programs, report) =>
  inWaves(startWaves, programs, ({ name }) => restartOne(supervisor, name, report));

async function inWaves(
  waves: (programs: readonly Program[]) => Program[][],
  programs: readonly Program[],
  act: (program: Program) => Promise<void>,
): Promise<void> {
  for (const wave of waves(programs)) await Promise.all(wave.map(act));
}

/** Asks a service. Reports what is waited for, at first and whenever a state changes. */
export function ask(supervisor: Supervisor, name: string, order: Order, report: Report): Promise<Answer> {
  const { loop } = supervisor;
  return new Promise(resolve => {
    let isOver = false;
    let quiet: (() => void) | null = null;
    const tell = (unit: Unit | undefined) => {
      if (unit === undefined || isDown(unit)) return;
      const { state, description } = statusOf(unit, performance.now());
      report({ kind: 'waiting', name, state, description });
    };
    loop.ask(name, order, answer => {
      isOver = true;
      quiet?.();
      resolve(answer);
    });
    if (isOver) return;
    tell(supervisor.unit(name));
    quiet = loop.listen(unit => {
      if (unit.program.name === name && !isOver) tell(unit);
    });
  });
}

async function startOne(
  supervisor: Supervisor,
  name: string,
  kind: 'start' | 'resume',
  report: Report,
): Promise<void> {
  const logSince = logOf(supervisor, name);
  const { outcome } = await ask(supervisor, name, { kind }, report);
  report(
    outcome.kind === 'already'
      ? { kind: 'done', name, outcome: 'noop', message: `${name}: already started` }
      : startedReport(supervisor, name, outcome, 'started', logSince),
  );
}

async function restartOne(supervisor: Supervisor, name: string, report: Report): Promise<void> {
  const logSince = logOf(supervisor, name);
  const { outcome } = await ask(supervisor, name, { kind: 'restart' }, report);
  report(startedReport(supervisor, name, outcome, 'restarted', logSince));
}

async function stopOne(supervisor: Supervisor, name: string, report: Report): Promise<void> {
  const { outcome } = await ask(supervisor, name, { kind: 'stop' }, report);
  const done = (result: 'ok' | 'noop' | 'failed', message: string) =>
    report({ kind: 'done', name, outcome: result, message: `${name}: ${message}` });
  const isPaused = supervisor.unit(name)?.program.schedule != null && !supervisor.loop.isEnding();
  const until = isPaused ? `; not run by its schedule until: hostctl start ${name}` : '';
  if (outcome.kind === 'already') done('noop', `not running${until}`);
  else if (outcome.kind !== 'overtaken') done('ok', `stopped${until}`);
  else done('failed', `was ${overtaking[outcome.by]} before it had stopped`);
}

/** What another command has done to a program that this command waited for. */
export const overtaking: Readonly<Record<Word, string>> = {
  start: 'started again',
  stop: 'stopped',
  restart: 'restarted',
  reload: 'reloaded',
  scale: 'scaled to another number',
  update: 'changed or removed by an update',
};

function logOf(supervisor: Supervisor, name: string): () => string {
  const unit = supervisor.unit(name);
  return unit === undefined ? () => '' : markLog(unit.program);
}

/** `logSince`: gives what the program has written since the command began. */
function startedReport(
  supervisor: Supervisor,
  name: string,
  outcome: Outcome,
  done: string,
  logSince: () => string,
): Progress {
  const failed = (message: string): Progress => ({ kind: 'done', name, outcome: 'failed', message });
  if (outcome.kind === 'done') return { kind: 'done', name, outcome: 'ok', message: `${name}: ${done}` };
  if (outcome.kind === 'overtaken')
    return failed(`${name}: was ${overtaking[outcome.by]} before it was running`);
  const unit = supervisor.unit(name);
  const description = unit === undefined ? '' : statusOf(unit, performance.now()).description;
  const { state } = outcome.kind === 'failed' ? outcome : { state: null };
  // A program that may end, such as a migration, has done its work.
  if (state?.kind === 'exited' && unit?.policy.exitcodes.includes(state.how.code ?? -1))
    return { kind: 'done', name, outcome: 'ok', message: `${name}: ${done}, and has ended: ${description}` };
  const ended = state?.kind === 'exited' && unit?.program.schedule != null ? 'has failed' : 'cannot start';
  const why = outcome.kind === 'late' ? `still STARTING after ${longestStart / 1000} s` : ended;
  return failed(`${name}: ${why}: ${description}${logSince()}\n  try: hostctl logs ${name}`);
}
