// A program's bounds as the files of its cgroup, and the messages where a bound is not in force. Pure (Control Group v2).

import {
  type BoundField,
  boundFields,
  boundsOf,
  type Controller,
  controllerOf,
  fewestTasks,
} from '../../model/bounds.ts';
import type { Bounds, Limit, Program } from '../../model/host.ts';
import { supervisionRows } from '../../model/supervision.ts';

interface File {
  readonly file: string;
  /** The kernel may lack it. */
  readonly isExtra?: true;
  /** `value` is above 0. */
  readonly text: (value: number) => string;
  /** What the kernel begins with. */
  readonly none: string;
}

/** Microseconds in which cpu.max is counted: the kernel's own. */
const period = 100_000;

const files: { readonly [F in BoundField]: readonly File[] } = {
  // As much swap as memory, and no more: else what an app takes beyond its bound would fill the machine's swap before the kernel kills.
  // Swap is first, so that a lower bound cannot push more into it.
  memoryMax: [
    { file: 'memory.swap.max', text: String, none: 'max', isExtra: true },
    { file: 'memory.max', text: String, none: 'max' },
  ],
  memoryHigh: [{ file: 'memory.high', text: String, none: 'max' }],
  cpuMax: [
    {
      file: 'cpu.max',
      text: percent => `${Math.max(1000, Math.round((percent * period) / 100))} ${period}`,
      none: `max ${period}`,
    },
  ],
  cpuWeight: [{ file: 'cpu.weight', text: String, none: '100' }],
  tasksMax: [{ file: 'pids.max', text: String, none: 'max' }],
  ioWeight: [{ file: 'io.weight', text: weight => `default ${weight}`, none: 'default 100' }],
};

/** A file of a cgroup, and its content. */
export interface Setting {
  readonly field: BoundField;
  readonly file: string;
  readonly text: string;
  /** The bound holds without it, on a kernel that has no such file. */
  readonly isExtra: boolean;
}

/** All settings that these controllers have files for. */
export function settingsOf(bounds: Bounds, on: ReadonlySet<Controller>): readonly Setting[] {
  return boundFields
    .filter(field => on.has(controllerOf[field]))
    .flatMap(field =>
      files[field].map(({ file, text, none, isExtra = false }) => ({
        field,
        file,
        text: bounds[field] > 0 ? text(bounds[field]) : none,
        isExtra,
      })),
    );
}

/** The bounds of a program for which there is no controller, as its keys; its app's are among them. */
export function unheldKeys(program: Program, on: ReadonlySet<Controller>): readonly string[] {
  return boundsOf(program)
    .filter(field => !on.has(controllerOf[field]))
    .map(field => supervisionRows[field].key);
}

/** The limit in place of tasks_max without its controller. It counts all processes of the user, and does not apply to root. */
export function limitsWith(
  program: Program,
  on: () => ReadonlySet<Controller>,
): Readonly<Record<string, Limit>> {
  const most = fewestTasks(program);
  if (most === 0 || on().has('pids') || 'nproc' in program.limits) return program.limits;
  return { ...program.limits, nproc: { soft: most, hard: most } };
}

/** "memory_max is not in force: WHY". `why`: with its mend. */
export function unheldText(keys: readonly string[], why: string): string {
  const tasks = keys.includes('tasks_max')
    ? ' (tasks_max holds for all processes of the user, by RLIMIT_NPROC)'
    : '';
  return `${keys.join(', ')} ${keys.length === 1 ? 'is' : 'are'} not in force${tasks}: ${why}`;
}
