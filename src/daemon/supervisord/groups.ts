// The groups in force, and the groups of the configuration as it was read last. Supervisor's clients bring the former in line with the
// latter, group by group.

import { changes, same } from '../../model/changes.ts';
import type { Program } from '../../model/host.ts';
import { liveKeys } from '../../model/supervision.ts';
import { sameGroup } from '../../supervisord/config/compare.ts';
import type { Configuration, GroupConfig } from '../../supervisord/config/config.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import { isDown, type Unit } from '../fleet/unit.ts';
import type { Lives } from './lives.ts';

export interface ActiveGroup {
  readonly config: GroupConfig;
  /** In Supervisor's order. */
  readonly programs: readonly Program[];
}

export interface Difference {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export interface Groups {
  /** Takes a new configuration. Nothing that runs is changed. */
  read(configuration: Configuration): void;
  /** The groups of the configuration, as it was read last. */
  configured(): readonly GroupConfig[];
  difference(): Difference;
  /** The groups in force, by priority, then in the order in which they were added: at first by name. */
  active(): readonly ActiveGroup[];
  find(group: string): ActiveGroup | undefined;
  /** undefined: there is no such process. */
  program(group: string, process: string): Program | undefined;
  unit(program: Program): Unit | undefined;
  /** Puts a configured group into force. Its programs are started by autostart, or with 'later' by a call of `start`. */
  add(config: GroupConfig, when?: 'now' | 'later'): void;
  start(group: ActiveGroup): void;
  /** false: some of the group's processes have not ended. */
  remove(group: string): boolean;
}

export interface GroupsContext {
  readonly supervisor: Supervisor;
  readonly lives: Lives;
  readonly programsOf: (config: GroupConfig) => readonly Program[];
}

export function makeGroups({ supervisor, lives, programsOf }: GroupsContext): Groups {
  const active = new Map<string, ActiveGroup>();
  let read: readonly GroupConfig[] = [];
  const unit = (program: Program) => supervisor.unit(program.name);
  // A group that was added later comes after the others of its priority.
  const sorted = () => [...active.values()].sort((a, b) => a.config.priority - b.config.priority);
  const publish = () =>
    supervisor.setHost({ ...supervisor.host(), programs: sorted().flatMap(({ programs }) => programs) });
  const start = ({ programs }: ActiveGroup) => {
    for (const { name, autostart } of programs)
      if (autostart) supervisor.loop.ask(name, { kind: 'resume' }, () => {});
  };
  return {
    read(configuration) {
      read = configuration.groups;
    },
    configured: () => read,
    difference() {
      const before = (name: string) => active.get(name)?.config;
      return {
        added: read.filter(({ name }) => !active.has(name)).map(({ name }) => name),
        changed: read
          .filter(config => {
            const old = before(config.name);
            return old !== undefined && !sameGroup(config, old);
          })
          .map(({ name }) => name),
        removed: [...active.keys()].filter(name => !read.some(config => config.name === name)),
      };
    },
    active: sorted,
    find: name => active.get(name),
    program: (group, process) =>
      active.get(group)?.programs.find(({ supervisord }) => supervisord?.process === process),
    unit,
    add(config, when = 'now') {
      const programs = programsOf(config);
      const group = { config, programs };
      active.set(config.name, group);
      publish();
      for (const program of programs) {
        const { name, autostart } = program;
        const definition = supervisor.made(program);
        const there = unit(program);
        // A run that an earlier supervisord has started goes on.
        if (there !== undefined && isLike(there.program, program))
          supervisor.loop.post(name, { kind: 'amend', definition });
        else supervisor.loop.ask(name, { kind: 'replace', definition, start: autostart }, () => {});
      }
      if (when === 'now') start(group);
    },
    start,
    remove(name) {
      const group = active.get(name);
      if (group === undefined) return true;
      const isUp = (program: Program) => {
        const found = unit(program);
        return found !== undefined && !isDown(found);
      };
      if (group.programs.some(isUp)) return false;
      active.delete(name);
      for (const program of group.programs) {
        supervisor.loop.ask(program.name, { kind: 'remove' }, () => {});
        lives.forget(program.name);
      }
      publish();
      return true;
    },
  };
}

/** Whether the running program is what would be started now, but for keys that can change while it runs. */
function isLike(running: Program, program: Program): boolean {
  const found = changes([running], [program]).flatMap(({ keys }) => keys);
  return found.every(key => liveKeys.has(key)) && same(running.supervisord, program.supervisord);
}
