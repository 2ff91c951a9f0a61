// A program as Supervisor's clients name it. Pure.

import type { Program } from '../../model/host.ts';
import type { About } from '../../protocol/events.ts';

/** "cat:cat_00" is the process "cat_00" of the group "cat"; a program alone is a group of its own name. */
export function aboutOf({ name, group }: Pick<Program, 'name' | 'group'>): About {
  const process = name.startsWith(`${group}:`) ? name.slice(group.length + 1) : name;
  return { program: name, process, group };
}
