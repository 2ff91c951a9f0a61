// Names across all files. No two definitions may have the same name, and the members of a group must exist. Reads nothing itself.

import type { Group, Host } from '../model/host.ts';
import type { Problem, Source } from '../model/problem.ts';
import { type Definition, nearest } from './toml/toml.ts';

type Where = (source: Source) => string;

/** One problem for each definition whose name another one has. The one that runs keeps the name, else the first in file order. */
export function findNameClashes(
  definitions: readonly Definition[],
  incumbents: Host | undefined,
  where: Where,
): readonly Problem[] {
  const ran = new Set(
    [...(incumbents?.apps ?? []), ...(incumbents?.programs ?? [])].map(({ source }) => idOf(source)),
  );
  const holders = new Map<string, Definition>();
  for (const definition of definitions)
    if (ran.has(idOf(definition.source)) && !holders.has(definition.name))
      holders.set(definition.name, definition);
  return definitions.flatMap(definition => {
    const holder = holders.get(definition.name) ?? definition;
    holders.set(definition.name, holder);
    if (holder === definition) return [];
    const { kind, name, source } = definition;
    const problem: Problem = {
      severity: 'error',
      message: `${kind} "${name}": there is already ${article(holder.kind)} "${name}" (${where(holder.source)})`,
      hint: `[${kind}.${name}-2], or another name`,
      at: source,
      subject: name,
    };
    return [problem];
  });
}

function article(kind: Definition['kind']): string {
  return kind === 'app' ? 'an app' : `a ${kind}`;
}

/** A key that differs for any two definitions, also those of one name. */
export function idOf(source: Source): string {
  return JSON.stringify([source.file, ...source.key.slice(0, 2)]);
}

/** A key that is the same for all definitions of one kind and name, wherever they are written. */
export function nameOf(source: Source): string {
  return source.key.slice(0, 2).join('.');
}

/** The group of each program. A wrong name in a group does not affect the others, and a group that can no longer be read
 *  (`held`) keeps its programs. */
export function gather(
  groups: readonly Group[],
  held: readonly Group[],
  definitions: readonly Definition[],
  where: Where,
  problems: Problem[],
): ReadonlyMap<string, Group> {
  const programs = definitions.filter(({ kind }) => kind === 'program').map(({ name }) => name);
  const groupOf = new Map<string, Group>();
  for (const group of groups)
    group.programs.forEach((name, index) => {
      const other = groupOf.get(name);
      const known = programs.includes(name);
      if (known && other === undefined) groupOf.set(name, group);
      else if (other !== group)
        problems.push({
          severity: 'error',
          message: `group "${group.name}": ${known ? `program "${name}" is already in group "${other?.name}" (${where(other?.source ?? group.source)})` : unknown(name, definitions)}`,
          hint: known ? 'leave it out of one of the two' : (nearest(name, programs) ?? `[program.${name}]`),
          at: { file: group.source.file, key: [...group.source.key, 'programs', index] },
          subject: group.name,
        });
    });
  for (const group of held)
    for (const name of group.programs) if (!groupOf.has(name)) groupOf.set(name, group);
  return groupOf;
}

function unknown(name: string, definitions: readonly Definition[]): string {
  const app = definitions.find(
    definition => definition.kind === 'app' && definition.name === name.split(':')[0],
  );
  return app === undefined
    ? `there is no program "${name}"`
    : `"${name}" is of app "${app.name}": an app is a group of its own`;
}
