// The bounds that the kernel can enforce for programs, by cgroup v2. Pure.

import type { Bounds, Program } from './host.ts';

export type BoundField = keyof Bounds;

export const boundFields: readonly BoundField[] = [
  'memoryMax',
  'memoryHigh',
  'cpuMax',
  'cpuWeight',
  'tasksMax',
  'ioWeight',
];

/** The kernel's controllers that enforce them (Control Group v2, "Controllers"). */
export type Controller = 'memory' | 'cpu' | 'pids' | 'io';

export const controllers: readonly Controller[] = ['memory', 'cpu', 'pids', 'io'];

export const controllerOf: { readonly [F in BoundField]: Controller } = {
  memoryMax: 'memory',
  memoryHigh: 'memory',
  cpuMax: 'cpu',
  cpuWeight: 'cpu',
  tasksMax: 'pids',
  ioWeight: 'io',
};

export const noBounds: Bounds = {
  memoryMax: 0,
  memoryHigh: 0,
  cpuMax: 0,
  cpuWeight: 0,
  tasksMax: 0,
  ioWeight: 0,
};

export function boundsIn(from: Bounds): Bounds {
  const { memoryMax, memoryHigh, cpuMax, cpuWeight, tasksMax, ioWeight } = from;
  return { memoryMax, memoryHigh, cpuMax, cpuWeight, tasksMax, ioWeight };
}

/** The fields that are bounded, by the program's own table or by its app's. */
export function boundsOf(program: Program): readonly BoundField[] {
  const { appBounds = noBounds } = program;
  return boundFields.filter(field => program[field] > 0 || appBounds[field] > 0);
}

/** The most tasks that a program may have; 0: no bound. */
export function fewestTasks(program: Program): number {
  const all = [program.tasksMax, program.appBounds?.tasksMax ?? 0].filter(most => most > 0);
  return all.length === 0 ? 0 : Math.min(...all);
}
