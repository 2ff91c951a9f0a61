// `hostctl reread` and `hostctl update`: compares the configuration on disk with the configuration in force, and brings the
// programs from the second to the first. Only programs that have changed are disturbed.

import { type Loaded, load } from '../../config/load.ts';
import { type Change, changes } from '../../model/changes.ts';
import type { Host, Program } from '../../model/host.ts';
import { servesApp } from '../../model/kind.ts';
import { withKept } from '../../model/merge.ts';
import { formatProblem, type Problem } from '../../model/problem.ts';
import {
  laterWords,
  type SettingsChange,
  settingsChanges,
  withLasting,
} from '../../model/settings-changes.ts';
import { isLive } from '../../model/supervision.ts';
import type { RereadReply } from '../../protocol/control.ts';
import { emitFiles } from '../emit-files.ts';
import type { Tell } from '../events/bus.ts';
import type { Logger } from '../own/log.ts';
import { giveMemoryBack } from '../own/memory.ts';
import { whileReloading } from '../own/notify.ts';
import { type Asker, byOf, wordsOf } from './asker.ts';
import { handOver } from './handover.ts';
import { allPrograms } from './kinds.ts';
import { elsewhereIn, whenUnused } from './moves.ts';
import { ask, type Report, resume } from './orders.ts';
import { inProxyTurn, renewProxies } from './renewal.ts';
import type { Supervisor, Unserved } from './supervisor.ts';
import { isDown } from './unit.ts';

export interface Reread {
  readonly loaded: Loaded;
  /** The host to go on with: the new one, where broken parts keep their old definition. */
  readonly host: Host;
  readonly changes: readonly Change[];
  readonly settings: readonly SettingsChange[];
  readonly reply: RereadReply;
}

/** Reads the configuration anew and compares. Changes nothing. */
export function reread(supervisor: Supervisor): Reread {
  const before = supervisor.host();
  const loaded = load(before.settings.file, { incumbents: before });
  const host = usable(before, loaded);
  const found = changes(supervisor.targets(), allPrograms(host, supervisor.published(host)));
  const problems = loaded.problems.map(p => ({ severity: p.severity, text: formatProblem(p) }));
  const settings = loaded.broken.settings ? [] : settingsChanges(before.settings, loaded.host.settings);
  return { loaded, host, changes: found, settings, reply: { changes: found, settings, problems } };
}

/** The new host, in which broken parts stay as they were, and so does what a running hostd cannot change. */
export function usable(before: Host, { host, broken }: Loaded): Host {
  if (broken.settings) return before;
  return withLasting(
    before.settings,
    withKept(before, host, source => broken.has(source)),
  );
}

/**
 * Reads the configuration anew and applies it: stops programs that are gone, restarts those that differ, starts new ones. Two updates
 * may cross: the second compares with what the first is bringing about.
 */
export function update(supervisor: Supervisor, log: Logger, report: Report): Promise<void> {
  return whileReloading(() => rereadAndApply(supervisor, log, report));
}

async function rereadAndApply(supervisor: Supervisor, log: Logger, report: Report): Promise<void> {
  const before = supervisor.host();
  const next = reread(supervisor);
  report({ kind: 'reread', ...next.reply });
  for (const problem of next.loaded.problems)
    log[problem.severity === 'error' ? 'error' : 'warn'](formatProblem(problem));
  tellOfProblems(next.loaded.problems, supervisor.tell);
  reportSettings(next.settings, supervisor.setHost(next.host), report);
  supervisor.sockets.restore();
  await apply(supervisor, next.changes, log, report, before);
  await emitFiles(next.host, log, report);
  giveMemoryBack();
  if (next.loaded.problems.every(({ severity }) => severity !== 'error'))
    supervisor.tell({
      kind: 'updated',
      name: 'hostd',
      cause: updatedWords(next, supervisor.asker),
      ...byOf(supervisor.asker),
    });
}

/** Problems that are told one by one. */
const mostTold = 20;

/** What cannot be used of the files. */
export function tellOfProblems(problems: readonly Problem[], tell: Tell): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  for (const problem of errors.slice(0, mostTold)) {
    const { hint: _, ...shown } = problem;
    tell({ kind: 'config-problem', name: problem.subject ?? 'hostd', cause: formatProblem(shown) });
  }
  const rest = errors.length - mostTold;
  if (rest > 0) tell({ kind: 'config-problem', name: 'hostd', cause: `and ${rest} more: hostd check` });
}

/** What came of each table of hostd.toml's own that differs. The proxy's and [emit]'s have more to say of it later. */
function reportSettings(found: readonly SettingsChange[], unserved: Unserved, report: Report): void {
  const failed = new Map(unserved);
  for (const { table, takes, keys } of found) {
    const name = `[${table}]`;
    const why = failed.get(table) ?? [];
    for (const message of why)
      report({ kind: 'done', name, outcome: 'failed', message: `${name}: ${message}` });
    if (why.length > 0) continue;
    const word = takes === 'update' ? 'updated' : 'changed';
    const message = `${name}: ${word} (${keys.join(', ')})${laterWords[takes]}`;
    report({ kind: 'done', name, outcome: 'ok', message });
  }
}

/** "SIGHUP: [web] changed (listen), hello changed (workers), blog available". */
function updatedWords({ changes: found, settings }: Reread, asker: Asker | null): string {
  const differences = [
    ...settings
      .filter(({ takes }) => takes === 'update')
      .map(({ table, keys }) => `[${table}] changed (${keys.join(', ')})`),
    ...found.map(
      ({ name, change, keys }) => `${name} ${change}${keys.length === 0 ? '' : ` (${keys.join(', ')})`}`,
    ),
  ];
  const what = differences.length === 0 ? 'nothing has changed' : differences.join(', ');
  return asker === null ? what : `${wordsOf(asker)}: ${what}`;
}

/** Brings the programs into line with the supervisor's host. `before`: the host before; with it, an app that comes back is started before it has visitors. */
export async function apply(
  supervisor: Supervisor,
  found: readonly Change[],
  log: Logger,
  report: Report,
  before: Host | null = null,
): Promise<void> {
  const programs = new Map(supervisor.host().programs.map(program => [program.name, program]));
  const targets = new Map(supervisor.targets().map(program => [program.name, program]));
  const own = found.filter(
    ({ name }) => programs.has(name) || (targets.get(name)?.kind ?? 'proxy') !== 'proxy',
  );
  const gone = own.filter(change => change.change === 'disappeared');
  const others = own.filter(change => change.change !== 'disappeared');
  // From here on, another command about the same programs comes later and wins.
  const elsewhere = elsewhereIn(supervisor.host());
  const cameFrom = elsewhereIn(before);
  const [leaving, removedNow] = partition(gone, ({ name }) => elsewhere.has(name));
  const removed = removedNow.map(({ name }) => remove(supervisor, name, report));
  const reloaded: { readonly program: Program; readonly keys: readonly string[] }[] = [];
  const replaced = others.map(({ name, change, keys }) => {
    const program = programs.get(name);
    if (program === undefined) return null;
    if (change === 'available') return add(supervisor, program, report);
    if (mayAmend(targets.get(name) ?? null, program, keys)) return amend(supervisor, program, keys, report);
    if (!mayHandOver(supervisor, program, keys)) return replace(supervisor, program, keys, report);
    reloaded.push({ program, keys });
    return null;
  });
  await Promise.all(removed);
  const starting = (await Promise.all(replaced)).filter(program => program !== null);
  const [arriving, staying] = partition(starting, ({ name }) => cameFrom.has(name));
  // Visitors are sent to an app when it is there, and it ends when nobody is sent to it any more.
  const move = async () => {
    await resume(supervisor, arriving, report);
    const isProxied = found.length > own.length;
    const isUnused = whenUnused(
      supervisor,
      leaving.map(({ name }) => name),
    );
    if (isProxied && !(await renewProxies(supervisor, log, report))) return;
    if (leaving.length === 0) return;
    // Of two updates that cross, the other one may be renewing the proxy workers.
    if (!isProxied) await inProxyTurn(async () => {});
    await isUnused();
    await Promise.all(leaving.map(({ name }) => removeUnlessBack(supervisor, name, report)));
  };
  await Promise.all([
    resume(supervisor, staying, report),
    reloadAll(supervisor, reloaded, log, report),
    move(),
  ]);
}

function partition<T>(all: readonly T[], has: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(has), all.filter(one => !has(one))];
}

/** Whether nothing need be started anew. A run of a scheduled program is left to its end; what has changed is for the next one. */
function mayAmend(before: Program | null, after: Program, keys: readonly string[]): boolean {
  const isScheduled = after.schedule !== null;
  return (before !== null && before.schedule !== null) === isScheduled && (isScheduled || isLive(keys));
}

/** Keys of an app's server that may differ between two generations on one socket. */
const handedOver: ReadonlySet<string> = new Set(['command', 'environment', 'health']);

/** Whether a hand-over is possible: the program runs, and its next generation can have the same socket, user and place. */
function mayHandOver(supervisor: Supervisor, program: Program, keys: readonly string[]): boolean {
  const unit = supervisor.unit(program.name);
  const service = supervisor.loop.entries.get(program.name)?.service;
  return (
    unit?.state.kind === 'running' &&
    servesApp(program) &&
    unit.program.kind === program.kind &&
    service?.heir === null &&
    !service.removing &&
    isLive(keys.filter(key => !handedOver.has(key)))
  );
}

/** One app after the other, as `hostctl reload` does. */
async function reloadAll(
  supervisor: Supervisor,
  all: readonly { readonly program: Program; readonly keys: readonly string[] }[],
  log: Logger,
  report: Report,
): Promise<void> {
  for (const { program, keys } of all)
    await handOver(
      supervisor,
      program,
      supervisor.made(program),
      `updated and reloaded (${keys.join(', ')})`,
      log,
      report,
    );
}

/** A later update may have brought the program back meanwhile; it found nothing to change. */
async function removeUnlessBack(supervisor: Supervisor, name: string, report: Report): Promise<void> {
  if (supervisor.host().programs.every(program => program.name !== name))
    return await remove(supervisor, name, report);
  report({ kind: 'done', name, outcome: 'failed', message: `${name}: another update has it again` });
}

async function remove(supervisor: Supervisor, name: string, report: Report): Promise<void> {
  const unit = supervisor.unit(name);
  const wasUp = unit !== undefined && !isDown(unit);
  const { outcome } = await ask(supervisor, name, { kind: 'remove' }, report);
  const done = (result: 'ok' | 'failed', message: string) =>
    report({ kind: 'done', name, outcome: result, message: `${name}: ${message}` });
  if (outcome.kind !== 'done') {
    done('failed', 'another update has it again');
    return;
  }
  if (wasUp) done('ok', 'stopped');
  done('ok', 'removed');
}

/** Adds the program. Returns it if it is to be started in its turn; else null. */
async function add(supervisor: Supervisor, program: Program, report: Report): Promise<Program | null> {
  const { name, autostart: start } = program;
  const definition = supervisor.made(program);
  await ask(supervisor, name, { kind: 'replace', definition, start }, () => {});
  const waits = start && beginsAsleep(supervisor, program);
  if (waits) supervisor.sleepers.bed(program, null);
  const message = `${name}: added${waits ? ', and starts when it is needed' : ''}`;
  report({ kind: 'done', name, outcome: 'ok', message });
  return start && !waits && program.schedule === null ? program : null;
}

/** Whether a program is not to be started before somebody needs it. */
function beginsAsleep({ loop }: Supervisor, { app, onDemand, sleepsWithApp, schedule }: Program): boolean {
  if (onDemand === true) return true;
  return (
    sleepsWithApp === true &&
    schedule === null &&
    app !== null &&
    loop.entries.get(app)?.service.asleep === true
  );
}

function amend(supervisor: Supervisor, program: Program, keys: readonly string[], report: Report): null {
  const { name } = program;
  supervisor.loop.post(name, { kind: 'amend', definition: supervisor.made(program) });
  const unit = supervisor.unit(name);
  // A program that waits for its former requirements must wait for the new ones.
  if (keys.includes('requires') && unit?.state.kind === 'starting' && unit.state.since === null)
    supervisor.loop.ask(name, { kind: 'restart' }, () => {});
  const how =
    program.schedule !== null && !isLive(keys) ? 'updated, for its next run' : 'updated, not restarted';
  const message = `${name}: ${how} (${keys.join(', ')})`;
  report({ kind: 'done', name, outcome: 'ok', message });
  return null;
}

/** Replaces the program. Returns it if it is to be started again in its turn. Clients of an unchanged socket wait in its backlog. */
async function replace(
  supervisor: Supervisor,
  program: Program,
  keys: readonly string[],
  report: Report,
): Promise<Program | null> {
  const { name } = program;
  const definition = supervisor.made(program);
  const { outcome } = await ask(supervisor, name, { kind: 'replace', definition, start: false }, () => {});
  if (outcome.kind === 'overtaken') {
    report({ kind: 'done', name, outcome: 'failed', message: `${name}: another update has removed it` });
    return null;
  }
  report({ kind: 'done', name, outcome: 'ok', message: `${name}: updated (${keys.join(', ')})` });
  return supervisor.loop.entries.get(name)?.service.due === 'in-turn' ? program : null;
}
