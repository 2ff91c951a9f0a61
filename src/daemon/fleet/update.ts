// From the configuration that is in force to the one that is on disk: what differs, and the way from one to the other
// that disturbs only what has changed.

import { type Loaded, load } from '../../config/load.ts';
import { type Change, changes } from '../../model/changes.ts';
import type { Host, Program } from '../../model/host.ts';
import { withKept } from '../../model/merge.ts';
import { formatProblem } from '../../model/problem.ts';
import { liveKeys } from '../../model/supervision.ts';
import type { RereadReply } from '../../protocol/control.ts';
import { emitFiles } from '../emit-files.ts';
import type { Logger } from '../own/log.ts';
import { giveMemoryBack } from '../own/memory.ts';
import { whileReloading } from '../own/notify.ts';
import { proxyGroup } from '../proxies/proxies.ts';
import { allPrograms, policyFor } from './equip.ts';
import { renewProxies } from './handover.ts';
import { type Report, start, stop } from './orders.ts';
import type { Supervisor } from './supervisor.ts';
import { isDown, type Unit } from './unit.ts';

export interface Reread {
  readonly loaded: Loaded;
  /** The host to go on with: the new one, with the old definition of whatever is broken in it. */
  readonly host: Host;
  readonly changes: readonly Change[];
  readonly reply: RereadReply;
}

/** Reads the configuration anew and compares; nothing is done about it. */
export function reread(supervisor: Supervisor): Reread {
  const before = supervisor.host();
  const loaded = load(before.settings.file, { incumbents: before });
  const host = usable(before, loaded);
  const found = changes(
    supervisor.units().map(unit => unit.program),
    allPrograms(host, supervisor.published(host)),
  );
  const problems = loaded.problems.map(p => ({ severity: p.severity, text: formatProblem(p) }));
  return { loaded, host, changes: found, reply: { changes: found, problems } };
}

/** What is broken in the new configuration stays as it was. */
export function usable(before: Host, { host, broken }: Loaded): Host {
  return broken.settings ? before : withKept(before, host, source => broken.has(source));
}

/** Rereads and applies: stops what is gone, restarts what is different, starts what is new. */
export function update(supervisor: Supervisor, log: Logger, report: Report): Promise<void> {
  return whileReloading(() => rereadAndApply(supervisor, log, report));
}

async function rereadAndApply(supervisor: Supervisor, log: Logger, report: Report): Promise<void> {
  const next = reread(supervisor);
  report({ kind: 'reread', ...next.reply });
  for (const problem of next.loaded.problems)
    log[problem.severity === 'error' ? 'error' : 'warn'](formatProblem(problem));
  supervisor.setHost(next.host);
  await apply(supervisor, next.changes, log, report);
  await emitFiles(next.host, log, report);
  giveMemoryBack();
}

/** Brings the units into line with the supervisor's host. */
export async function apply(
  supervisor: Supervisor,
  found: readonly Change[],
  log: Logger,
  report: Report,
): Promise<void> {
  const programs = new Map(supervisor.host().programs.map(program => [program.name, program]));
  const own = found.filter(change => change.name.split(':')[0] !== proxyGroup);
  const gone = own.filter(change => change.change === 'disappeared');
  await Promise.all(gone.map(change => remove(supervisor, change.name, report)));
  const starting: Unit[] = [];
  await Promise.all(
    own.map(async change => {
      const program = programs.get(change.name);
      if (program === undefined) return;
      const unit = await (change.change === 'available'
        ? add(supervisor, program, report)
        : replaceProgram(supervisor, program, change.keys, report));
      if (unit !== null) starting.push(unit);
    }),
  );
  await start(supervisor.loop, starting, report);
  if (found.length > own.length) await renewProxies(supervisor, log, report);
}

async function remove(supervisor: Supervisor, name: string, report: Report): Promise<void> {
  const unit = supervisor.unit(name);
  if (unit === undefined) return;
  if (!isDown(unit)) await stop(supervisor.loop, [unit], report);
  supervisor.retire(unit);
  report({ kind: 'done', name, outcome: 'ok', message: `${name}: removed` });
}

async function add(supervisor: Supervisor, program: Program, report: Report): Promise<Unit | null> {
  const unit = supervisor.admit(program);
  report({ kind: 'done', name: program.name, outcome: 'ok', message: `${program.name}: added` });
  return program.autostart ? unit : null;
}

/** The unit to start again, or null when nothing has to be started. */
async function replaceProgram(
  supervisor: Supervisor,
  program: Program,
  keys: readonly string[],
  report: Report,
): Promise<Unit | null> {
  const { name } = program;
  const unit = supervisor.unit(name);
  if (unit === undefined) return null;
  const wasUp = !isDown(unit);
  if (keys.every(key => liveKeys.has(key))) {
    unit.program = program;
    unit.policy = policyFor(program, supervisor.host());
    report({
      kind: 'done',
      name,
      outcome: 'ok',
      message: `${name}: updated, not restarted (${keys.join(', ')})`,
    });
    return null;
  }
  // Clients of a socket that stays the same wait in its backlog.
  unit.holdSockets = unit.program.socket?.path === program.socket?.path;
  if (wasUp) await stop(supervisor.loop, [unit], () => {});
  const { state, lastExit, stoppedAt } = unit;
  const successor = supervisor.admit(program);
  successor.state = { kind: 'stopped', run: state.run };
  Object.assign(successor, { lastExit, stoppedAt });
  report({ kind: 'done', name, outcome: 'ok', message: `${name}: updated (${keys.join(', ')})` });
  return wasUp ? successor : null;
}
