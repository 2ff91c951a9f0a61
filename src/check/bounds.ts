// Whether the kernel can enforce the bounds of programs: without cgroup v2's controller for a bound, it is not enforced.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { boundsOf, controllerOf, controllers } from '../model/bounds.ts';
import type { Host } from '../model/host.ts';
import type { Problem } from '../model/problem.ts';
import { supervisionRows } from '../model/supervision.ts';

/** One finding for all programs, at the first of them. `known`: the controllers that this machine has. */
export function checkBounds({ programs }: Host, known = knownControllers()): readonly Problem[] {
  const bound = programs
    .map(program => ({
      program,
      fields: boundsOf(program).filter(field => !known.has(controllerOf[field])),
    }))
    .filter(({ fields }) => fields.length > 0);
  const [first] = bound;
  if (first === undefined) return [];
  const fields = new Set(bound.flatMap(one => one.fields));
  const keys = [...fields].map(field => supervisionRows[field].key);
  const missing = controllers.filter(name => [...fields].some(field => controllerOf[field] === name));
  const { source } = first.program;
  const hint =
    known.size > 0 && missing.includes('memory')
      ? 'boot the kernel with cgroup_enable=memory'
      : 'boot the kernel with systemd.unified_cgroup_hierarchy=1';
  return [
    {
      severity: 'warning',
      message: `${keys.join(', ')} cannot be in force: cgroup v2 has no ${missing.join(', ')} controller on this machine`,
      hint,
      at: { file: source.file, key: [...source.key, keys[0] ?? ''] },
    },
  ];
}

/** The controllers of the first mounted cgroup2 (proc_pid_mountinfo(5)). */
function knownControllers(): ReadonlySet<string> {
  try {
    const line = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .find(one => one.includes(' - cgroup2 '));
    const mount = line?.split(' ')[4];
    if (mount === undefined) return new Set();
    return new Set(readFileSync(join(mount, 'cgroup.controllers'), 'utf8').trim().split(' ').filter(Boolean));
  } catch {
    return new Set();
  }
}
