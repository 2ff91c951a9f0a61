// Which definitions can be used together. A definition that cannot be used is left out, and the rest is checked again, until nothing
// more has to be left out. Pure but for the machine, which is an argument.

import { assemble } from '../model/assemble.ts';
import { check } from '../model/check.ts';
import type { Group, Host, Settings } from '../model/host.ts';
import type { Machine } from '../model/machine.ts';
import type { Problem, Source } from '../model/problem.ts';
import { findNameClashes, gather, idOf, nameOf } from './names.ts';
import type { ReadEnvFile } from './toml/env-file.ts';
import { type Definition, readDefinition, readGroup, type Surroundings } from './toml/toml.ts';

export interface Unsettled {
  readonly settings: Settings;
  /** From all files but the broken ones. */
  readonly definitions: readonly Definition[];
  readonly brokenFiles: ReadonlySet<string>;
  readonly incumbents: Host | undefined;
  readonly machine: Machine | null;
  readonly machineName: string;
  readonly envFiles: ReadEnvFile | null;
  readonly where: (source: Source) => string;
}

export interface Settled {
  readonly host: Host;
  readonly problems: readonly Problem[];
  /** Names of definitions with errors. */
  readonly names: ReadonlySet<string>;
  /** Whether what an earlier load has read from this source has errors now, and no sound definition in its place. */
  has(source: Source): boolean;
}

export function settle(given: Unsettled): Settled {
  const { definitions, incumbents, where } = given;
  const problems: Problem[] = [...findNameClashes(definitions, incumbents, where)];
  const named = definitions.filter(isNoneOf(problems));
  for (let sound = named; ; ) {
    const has = leftAsItWas(sound, definitions, given);
    const found = examine(sound, named, has, given);
    problems.push(...found.problems);
    const remaining = sound.filter(isNoneOf(found.problems));
    if (remaining.length === sound.length) {
      const names = new Set(definitions.filter(one => !sound.includes(one)).map(({ name }) => name));
      return {
        host: found.host,
        problems: unique(problems),
        names,
        has: leftAsItWas(sound, definitions, given),
      };
    }
    sound = remaining;
  }
}

/** All problems of these definitions, alone and together, and the host that they make. */
function examine(
  sound: readonly Definition[],
  named: readonly Definition[],
  has: (source: Source) => boolean,
  { settings, incumbents, machine, machineName, envFiles, where }: Unsettled,
): { host: Host; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  // All groups, also those with errors: an error in a group must not rename its programs, which would restart them.
  const groups = named.filter(({ kind }) => kind === 'group').map(groupOf);
  const gathered = gather(groups, held(incumbents?.groups, has), named, where, problems);
  const uidOf = (user: string) => machine?.user(user)?.uid ?? null;
  const around = { settings, machineName, groupOf: gathered, envFiles, uidOf };
  const whole = hostOf(sound, around, problems);
  const host = hostOf(sound.filter(isNoneOf(problems)), around, []);
  const apps = held(incumbents?.apps, has);
  const defined = new Set(named.flatMap(({ kind, name }) => (kind === 'app' ? [name] : [])));
  const before = { incumbents, held: apps };
  problems.push(...check(problems.length === 0 ? whole : host, machine, { ...before, where, defined }));
  return { host, problems };
}

function hostOf(definitions: readonly Definition[], around: Surroundings, problems: Problem[]): Host {
  const pieces = definitions.map(definition => readDefinition(definition, around, problems));
  return assemble({
    settings: around.settings,
    apps: pieces.flatMap(piece => piece.apps),
    programs: pieces.flatMap(piece => piece.programs),
    resting: pieces.flatMap(piece => piece.resting),
    groups: pieces.flatMap(piece => piece.groups),
  });
}

function groupOf({ name, source, table }: Definition): Group {
  return readGroup({ ...source, title: '', subject: name, problems: [] }, name, table);
}

function held<T extends { readonly source: Source }>(
  items: readonly T[] | undefined,
  has: (source: Source) => boolean,
): readonly T[] {
  return items?.filter(({ source }) => has(source)) ?? [];
}

/** A definition may have moved to another file and got an error there. So names count, not files. */
function leftAsItWas(
  sound: readonly Definition[],
  all: readonly Definition[],
  { brokenFiles }: Unsettled,
): (source: Source) => boolean {
  const soundNames = new Set(sound.map(({ source }) => nameOf(source)));
  const allNames = new Set(all.map(({ source }) => nameOf(source)));
  return source => {
    if (soundNames.has(nameOf(source))) return false;
    const directory = source.file.slice(0, source.file.lastIndexOf('/'));
    return allNames.has(nameOf(source)) || brokenFiles.has(source.file) || brokenFiles.has(directory);
  };
}

/** A test for definitions that none of the problems keeps from being used. */
function isNoneOf(problems: readonly Problem[]): (definition: Definition) => boolean {
  const ids = new Set(
    problems.flatMap(({ severity, subject, at }) =>
      severity === 'error' && subject !== undefined && at !== undefined && 'key' in at ? [idOf(at)] : [],
    ),
  );
  return ({ source }) => !ids.has(idOf(source));
}

function unique(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map(problem => [JSON.stringify(problem), problem])).values()];
}
