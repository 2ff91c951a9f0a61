// Makes one configuration of two: the new one, in which broken parts keep their old definition. Pure.

import { assemble } from './assemble.ts';
import type { Host } from './host.ts';
import type { Source } from './problem.ts';

/** `keeps`: whether what was read from a source has errors now, and stays as it was. */
export function withKept(before: Host, after: Host, keeps: (source: Source) => boolean): Host {
  const merge = <T extends { readonly name: string; readonly source: Source }>(
    old: readonly T[],
    now: readonly T[],
  ): readonly T[] => {
    const names = new Set(now.map(({ name }) => name));
    return [...now, ...old.filter(({ name, source }) => keeps(source) && !names.has(name))];
  };
  return assemble({
    settings: after.settings,
    apps: merge(before.apps, after.apps),
    programs: merge(before.programs, after.programs),
    resting: merge(before.resting, after.resting),
    groups: merge(before.groups, after.groups),
  });
}
