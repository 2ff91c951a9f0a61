// hostd's start after it has adopted what runs: starts the configured programs that are down, and updates those that have changed.

import type { Loaded } from '../config/load.ts';
import { type Change, changes } from '../model/changes.ts';
import type { Host, Program } from '../model/host.ts';
import { withKept } from '../model/merge.ts';
import { maySleep } from '../model/sleep.ts';
import { allPrograms } from './fleet/kinds.ts';
import { resume } from './fleet/orders.ts';
import { askedBy, type Supervisor } from './fleet/supervisor.ts';
import { apply } from './fleet/update.ts';
import type { Logger } from './own/log.ts';
import { giveMemoryBack } from './own/memory.ts';
import { notifyReady } from './own/notify.ts';
import type { Records } from './runs/records.ts';

/**
 * Milliseconds that hostd waits for all programs before it says that it is ready. Services that start after hostd wait as long, and a
 * site that loads slowly, or waits for its database, must not hold them up.
 */
const patienceMs = 15_000;

/** The configured host, with the last good definition of each app that runs and whose file is broken now. */
export function withRunning(supervisor: Supervisor, { host, broken }: Loaded, records: Records): Host {
  const last = records.readHost();
  if (last === null) return host;
  const running = new Set(supervisor.units().map(unit => unit.program.source.key.join('.')));
  return withKept(last, host, source => broken.has(source) && running.has(source.key.join('.')));
}

/** Starts the programs that are down, and brings adopted ones up to date that have changed meanwhile. */
export async function boot(own: Supervisor, records: Records, log: Logger): Promise<void> {
  const supervisor = askedBy({ what: 'hostd starts', user: null }, own);
  const wanted = allPrograms(supervisor.host(), supervisor.published(supervisor.host()));
  const stopped = records.stopped();
  const found = changes(supervisor.targets(), wanted);
  const [fresh, others] = [found.filter(isNew), found.filter(change => !isNew(change))];
  for (const { name } of fresh)
    if (stopped.has(name)) log.info({ program: name }, `${name} stays stopped, as it was`);
  for (const { name, change } of others)
    log.info({ program: name }, `${name}: ${change} since it was started`);
  const names = new Set(fresh.map(({ name }) => name));
  const changed = new Set(found.map(({ name }) => name));
  // An unchanged program is supervised by its present definition, not by the one that an earlier hostd wrote down.
  for (const program of wanted)
    if (!changed.has(program.name))
      supervisor.loop.post(program.name, { kind: 'amend', definition: supervisor.made(program) });
  const asleep = records.asleep();
  const isWanted = ({ autostart, name }: Program) => autostart && !stopped.has(name);
  const starting = wanted.filter(({ name }) => names.has(name));
  for (const program of starting) {
    const definition = supervisor.made(program);
    supervisor.loop.ask(program.name, { kind: 'replace', definition, start: isWanted(program) }, () => {});
  }
  bedAll(supervisor, starting.filter(isWanted), asleep);
  for (const program of wanted) {
    const since = asleep.get(program.name);
    if (since !== undefined && !names.has(program.name)) supervisor.sleepers.bedAgain(program, since);
  }
  supervisor.sleepers.settle();
  for (const name of asleep.keys())
    if (!wanted.some(program => program.name === name)) records.setAsleep(name, null);
  supervisor.events.emit({ kind: 'supervisor-state', state: 'RUNNING' });
  // The proxy waits for no app, so visitors of an app that is up already need not wait for the others.
  const wantedNow = starting.filter(isWanted);
  const proxies = resume(
    supervisor,
    wantedNow.filter(({ kind }) => kind === 'proxy'),
    () => {},
  );
  const apps = resume(
    supervisor,
    wantedNow.filter(({ kind }) => kind !== 'proxy'),
    () => {},
  );
  const applied = apply(supervisor, others, log, () => {});
  const all = Promise.all([proxies, apps, applied]);
  await Promise.race([all, later(patienceMs, proxies, all)]);
  notifyReady();
  giveMemoryBack();
  const steady = supervisor.units().filter(unit => unit.program.schedule === null);
  const up = steady.filter(unit => unit.state.kind === 'running').length;
  supervisor.tell({
    kind: 'hostd-started',
    name: 'hostd',
    cause: `${up} of ${steady.length} programs are running`,
  });
  log.info(`ready: ${up} of ${steady.length} programs are running`);
}

/** Those that sleep on, or begin asleep, are not started. An app comes before what sleeps with it. */
function bedAll(
  { sleepers }: Supervisor,
  programs: readonly Program[],
  asleep: ReadonlyMap<string, number>,
): void {
  for (const program of programs) {
    const since = asleep.get(program.name) ?? null;
    if (program.onDemand === true || (since !== null && maySleep(program))) sleepers.bed(program, since);
  }
}

/** Resolves `ms` milliseconds from now, or when `promise` does, whichever is later. After `enough` nobody waits for it. */
async function later(ms: number, promise: Promise<unknown>, enough: Promise<unknown>): Promise<void> {
  const { promise: passed, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  timer.unref();
  const clear = () => clearTimeout(timer);
  enough.then(clear, clear);
  await Promise.all([passed, promise]);
}

const isNew = ({ change }: Change) => change === 'available';
