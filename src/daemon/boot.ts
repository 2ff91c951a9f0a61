// From a hostd that has adopted what runs to one that runs what is configured.

import type { Loaded } from '../config/load.ts';
import { changes } from '../model/changes.ts';
import type { Host } from '../model/host.ts';
import { withKept } from '../model/merge.ts';
import { allPrograms } from './fleet/equip.ts';
import { start } from './fleet/orders.ts';
import type { Supervisor } from './fleet/supervisor.ts';
import { apply } from './fleet/update.ts';
import type { Logger } from './own/log.ts';
import { giveMemoryBack } from './own/memory.ts';
import { notifyReady } from './own/notify.ts';
import type { Records } from './runs/records.ts';

/** The configured host, with the last good definition of every app that runs but whose file is broken now. */
export function withRunning(supervisor: Supervisor, { host, broken }: Loaded, records: Records): Host {
  const last = records.readHost();
  if (last === null) return host;
  const running = new Set(supervisor.units().map(unit => unit.program.source.key.join('.')));
  return withKept(last, host, source => broken.has(source) && running.has(source.key.join('.')));
}

/** Starts what is to be started; adopted programs that have changed meanwhile are brought up to date. */
export async function boot(supervisor: Supervisor, records: Records, log: Logger): Promise<void> {
  const wanted = allPrograms(supervisor.host(), supervisor.published(supervisor.host()));
  const stopped = records.stopped();
  const running = supervisor.units().map(unit => unit.program);
  const names = new Set(running.map(program => program.name));
  const fresh = wanted.filter(program => !names.has(program.name)).map(program => supervisor.admit(program));
  const starting = fresh.filter(({ program }) => program.autostart && !stopped.has(program.name));
  for (const { program } of fresh)
    if (stopped.has(program.name))
      log.info({ program: program.name }, `${program.name} stays stopped, as it was`);
  const found = changes([...running, ...fresh.map(unit => unit.program)], wanted);
  for (const { name, change } of found)
    log.info({ program: name }, `${name}: ${change} since it was started`);
  await Promise.all([
    start(supervisor.loop, starting, () => {}),
    supervisor.exclusively(() => apply(supervisor, found, log, () => {})),
  ]);
  notifyReady();
  giveMemoryBack();
  const up = supervisor.units().filter(unit => unit.state.kind === 'running').length;
  log.info(`ready: ${up} of ${supervisor.units().length} programs are running`);
}
