// Groups that are added and removed one by one, as by supervisorctl's update: the configuration is read, and then one group of it at a
// time is brought into force, or taken out of force.

import { assemble } from '../../model/assemble.ts';
import { type Change, changes } from '../../model/changes.ts';
import type { Host, Program } from '../../model/host.ts';
import type { Asks } from '../../protocol/rpc.ts';
import { allPrograms } from '../fleet/kinds.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import { isDown } from '../fleet/unit.ts';
import { apply, reread } from '../fleet/update.ts';
import type { Logger } from '../own/log.ts';
import { Refusal } from './channel.ts';
import { isShown } from './view.ts';

export interface Groups {
  /** The host as it was read last. It may not be in force yet. */
  configured(): Host;
  reread(): Asks['reread']['reply'];
  /** The place of a group among those that were added one by one; 0: it was there from the beginning. */
  rank(group: string): number;
  /** @throws Refusal */
  add(group: string): Promise<void>;
  /** @throws Refusal */
  remove(group: string): Promise<void>;
}

export function makeGroups(supervisor: Supervisor, log: Logger): Groups {
  let read: Host | null = null;
  const ranks = new Map<string, number>();
  let added = 0;
  const configured = () => read ?? supervisor.host();
  const active = () => supervisor.targets().filter(isShown);
  const bring = async (next: Host) => {
    const found = changes(supervisor.targets(), allPrograms(next, supervisor.published(next)));
    const before = supervisor.host();
    supervisor.setHost(next);
    await apply(supervisor, found, log, () => {}, before);
  };
  return {
    configured,
    rank: group => ranks.get(group) ?? 0,
    reread() {
      const { loaded, host, changes: found } = reread(supervisor);
      const errors = loaded.problems.filter(({ severity }) => severity === 'error');
      for (const { message } of errors) log.error(message);
      if (loaded.broken.settings)
        throw new Refusal('CANT_REREAD', errors[0]?.message ?? 'hostd.toml has errors');
      read = host;
      return groupChanges(found, active(), host.programs);
    },
    async add(group) {
      const from = configured();
      if (!from.programs.some(program => program.group === group)) throw new Refusal('BAD_NAME');
      if (active().some(program => program.group === group)) throw new Refusal('ALREADY_ADDED');
      ranks.set(group, ++added);
      await bring(withGroup(supervisor.host(), from, group));
    },
    async remove(group) {
      const units = supervisor.units().filter(({ program }) => isShown(program) && program.group === group);
      if (units.length === 0) throw new Refusal('BAD_NAME');
      if (!units.every(isDown)) throw new Refusal('STILL_RUNNING');
      ranks.delete(group);
      const isGone = !configured().programs.some(program => program.group === group);
      await bring(withoutGroup(supervisor.host(), group, isGone));
    },
  };
}

/** A group has changed if one of its programs has. Names in alphabetical order. Pure. */
function groupChanges(
  found: readonly Change[],
  active: readonly Program[],
  configured: readonly Program[],
): Asks['reread']['reply'] {
  const groupOf = new Map([...active, ...configured].map(({ name, group }) => [name, group]));
  const before = new Set(active.map(({ group }) => group));
  const after = new Set(configured.map(({ group }) => group));
  const touched = new Set(found.flatMap(({ name }) => groupOf.get(name) ?? []));
  const all = [...new Set([...before, ...after])].sort();
  return {
    added: all.filter(group => !before.has(group)),
    changed: all.filter(group => before.has(group) && after.has(group) && touched.has(group)),
    removed: all.filter(group => !after.has(group)),
  };
}

/** The host with one more group, taken from `from`, and with the site of its app. Pure. */
function withGroup(host: Host, from: Host, group: string): Host {
  const programs = from.programs.filter(program => program.group === group);
  const names = new Set(programs.map(({ app }) => app));
  const has = new Set(programs.map(({ name }) => name));
  const hasGroup = from.groups.filter(({ name }) => name === group);
  return assemble({
    settings: host.settings,
    apps: [
      ...host.apps.filter(({ name }) => !names.has(name)),
      ...from.apps.filter(({ name }) => names.has(name)),
    ],
    programs: [...host.programs.filter(({ name }) => !has.has(name)), ...programs],
    resting: host.resting,
    groups: [...host.groups.filter(({ name }) => name !== group), ...hasGroup],
  });
}

/** The host without a group's programs. `isGone`: also without its app's site; else the site waits for the group to come back. Pure. */
function withoutGroup(host: Host, group: string, isGone: boolean): Host {
  const apps = new Set(host.programs.filter(program => program.group === group).map(({ app }) => app));
  return assemble({
    settings: host.settings,
    apps: isGone ? host.apps.filter(({ name }) => !apps.has(name)) : host.apps,
    programs: host.programs.filter(program => program.group !== group),
    resting: host.resting,
    groups: host.groups.filter(({ name }) => name !== group),
  });
}
