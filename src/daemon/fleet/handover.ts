// `hostctl reload`: new code without a refused or lost request. A new generation starts on the same socket while the old one serves.
// Once it is ready, the old one drains and ends. If it does not get ready, the old one serves on. An old generation cannot serve on
// where its socket was made anew for the new one: then it is started again.

import { isDown as isDownState } from '../../lifecycle/process.ts';
import type { Outcome } from '../../lifecycle/service.ts';
import { stateName } from '../../lifecycle/view.ts';
import type { Program } from '../../model/host.ts';
import type { Logger } from '../own/log.ts';
import { areHeld } from '../sockets/socket-identity.ts';
import { byOf, wordsOf } from './asker.ts';
import type { Answer } from './loop.ts';
import { ask, overtaking, type Report, restart } from './orders.ts';
import { renewProxies } from './renewal.ts';
import { markLog } from './start-log.ts';
import type { Supervisor } from './supervisor.ts';
import { type Made, statusOf, type Unit } from './unit.ts';

/** One app after the other, so that only one has two generations in memory. */
export async function reload(
  supervisor: Supervisor,
  programs: readonly Program[],
  log: Logger,
  report: Report,
): Promise<void> {
  const apps = programs.filter(({ kind }) => kind !== 'proxy');
  if (apps.length < programs.length) await renewProxies(supervisor, log, report);
  const failed = new Set<string>();
  const noting: Report = progress => {
    if (progress.kind === 'done' && progress.outcome === 'failed') failed.add(progress.name);
    report(progress);
  };
  // An app's other programs come after its server: code that fails in the server would fail in them too.
  const [withSocket, without] = [apps.filter(hasSocket), apps.filter(program => !hasSocket(program))];
  for (const program of withSocket) await reloadApp(supervisor, program, log, noting);
  for (const program of without) await restartInstead(supervisor, program, failed, report);
}

function hasSocket({ socket }: Program): boolean {
  return socket !== null;
}

/** For a program without a socket, such as Celery's: new code comes by a restart, and refuses nobody. */
async function restartInstead(
  supervisor: Supervisor,
  program: Program,
  failed: ReadonlySet<string>,
  report: Report,
): Promise<void> {
  const { name, app } = program;
  const fail = (message: string) => report({ kind: 'done', name, outcome: 'failed', message });
  if (program.schedule !== null) {
    const message = `${name}: nothing to reload: its next run has the new code`;
    return report({ kind: 'done', name, outcome: 'noop', message });
  }
  if (app === null)
    return fail(`${name}: cannot reload: it has no socket to hand over\n  try: hostctl restart ${name}`);
  if (failed.has(app)) return fail(`${name}: not restarted, since the new code of "${app}" does not load`);
  const state = supervisor.unit(name)?.state;
  if (state !== undefined && isDownState(state))
    return fail(`${name}: cannot reload: it is ${stateName(state)}\n  try: hostctl start ${name}`);
  await restart(supervisor, [program], progress => {
    if (progress.kind !== 'done' || progress.outcome !== 'ok') return report(progress);
    report({ ...progress, message: `${name}: restarted, as it has no socket to hand over` });
  });
}

/** `hostctl reload --hup`: gunicorn's own way. It reads the app anew only without --preload, and ends old workers first. */
export function hangUp(supervisor: Supervisor, units: readonly Unit[], report: Report): void {
  for (const unit of units) {
    const { name } = unit.program;
    report(
      supervisor.signal(unit, 'SIGHUP')
        ? { kind: 'done', name, outcome: 'ok', message: `${name}: signalled with SIGHUP` }
        : { kind: 'done', name, outcome: 'failed', message: `${name}: not running` },
    );
  }
}

async function reloadApp(
  supervisor: Supervisor,
  program: Program,
  log: Logger,
  report: Report,
): Promise<void> {
  const { name } = program;
  if (program.socket === null) {
    const message = `${name}: cannot reload: it has no socket to hand over\n  try: hostctl restart ${name}`;
    return report({ kind: 'done', name, outcome: 'failed', message });
  }
  await handOver(supervisor, program, null, 'reloaded', log, report);
}

/**
 * A new generation takes over, of the program's present definition (null) or of the given one. If it cannot, the old generation serves
 * on. `done` is the word for a success.
 */
export async function handOver(
  supervisor: Supervisor,
  program: Program,
  definition: Made | null,
  done: string,
  log: Logger,
  report: Report,
): Promise<void> {
  const { name } = program;
  const fail = (message: string) => report({ kind: 'done', name, outcome: 'failed', message });
  const logSince = markLog(program);
  const answer = await ask(supervisor, name, { kind: 'hand-over', definition, asks: false }, progress =>
    report(
      progress.kind === 'waiting' && isInLine(supervisor, name)
        ? { ...progress, note: 'another reload of it is under way' }
        : progress,
    ),
  );
  const { outcome } = answer;
  const { tell, asker } = supervisor;
  if (outcome.kind === 'done') {
    if (supervisor.loop.entries.get(name)?.service.asleep === true) {
      const message = `${name}: sleeps: its next start loads the new code`;
      return report({ kind: 'done', name, outcome: 'ok', message });
    }
    const pid = supervisor.unit(name)?.run?.process.pid;
    const cause = asker === null ? '' : wordsOf(asker);
    tell({ kind: 'reloaded', name, cause, ...byOf(asker), ...(pid === undefined ? {} : { pid }) });
    return report({ kind: 'done', name, outcome: 'ok', message: `${name}: ${done}` });
  }
  const why = whyNot(answer, name);
  tell({ kind: 'reload-refused', name, cause: why.split('\n', 1)[0] ?? '', ...byOf(asker) });
  if (outcome.kind !== 'kept') return fail(`${name}: cannot reload: ${why}`);
  const kept = isCutOff(supervisor, name)
    ? 'the old one had lost its socket, and is started again'
    : keptOne(outcome);
  log.error({ program: name }, `cannot reload ${name}: ${why}; ${kept}`);
  const failure = `${name}: cannot reload: ${why}; ${kept}${logSince()}`;
  if (isCutOff(supervisor, name)) await ask(supervisor, name, { kind: 'restart' }, report);
  fail(failure);
}

/** Whether more than one reload is asked for, so that all but the first wait. */
function isInLine({ loop }: Supervisor, name: string): boolean {
  const jobs = loop.entries.get(name)?.service.jobs ?? [];
  return jobs.filter(({ kind }) => kind === 'hand-over').length > 1;
}

/** Whether the program runs, but clients find another socket than its own. */
function isCutOff({ unit, sockets }: Supervisor, name: string): boolean {
  const current = unit(name);
  return current?.state.kind === 'running' && !areHeld(current.run?.sockets ?? [], sockets.held());
}

function keptOne({ restarted }: Outcome & { kind: 'kept' }): string {
  return `the old one ${restarted ? 'had ended too, and is started again' : 'serves on'}`;
}

function whyNot({ outcome, unit }: Answer, name: string): string {
  switch (outcome.kind) {
    case 'overtaken':
      return `it was ${overtaking[outcome.by]} meanwhile`;
    case 'refused':
      if (outcome.state === null) return 'an update has removed it';
      if (outcome.state.kind === 'running')
        return `another reload of it has not come to an end\n  try: hostctl status ${name}`;
      return `it is ${stateName(outcome.state)}\n  try: hostctl start ${name}`;
    case 'kept':
      return unit === null ? 'it did not start' : whatBecameOf(unit, outcome);
    default:
      return outcome.kind;
  }
}

function whatBecameOf(unit: Unit, { late }: Outcome & { kind: 'kept' }): string {
  if (!late) return statusOf(unit, performance.now()).description;
  return unit.waitsFor === null ? 'not ready in time' : `not ready in time: waits for ${unit.waitsFor}`;
}
