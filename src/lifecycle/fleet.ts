// The order of many programs: which of them start or stop together. Pure.

import type { Program } from '../model/host.ts';

/** Programs of one priority start and stop in parallel: waves, lowest priority number first (Supervisor's order). */
export function startWaves<T extends Pick<Program, 'groupPriority' | 'priority'>>(
  programs: readonly T[],
): T[][] {
  const waves = new Map<string, T[]>();
  for (const program of [...programs].sort(byPriority)) {
    const key = `${program.groupPriority} ${program.priority}`;
    waves.set(key, [...(waves.get(key) ?? []), program]);
  }
  return [...waves.values()];
}

/** The other way round: the programs that were started last are stopped first. */
export function stopWaves<T extends Pick<Program, 'groupPriority' | 'priority'>>(
  programs: readonly T[],
): T[][] {
  return startWaves(programs).reverse();
}

function byPriority(
  a: Pick<Program, 'groupPriority' | 'priority'>,
  b: Pick<Program, 'groupPriority' | 'priority'>,
): number {
  return a.groupPriority - b.groupPriority || a.priority - b.priority;
}

/** The programs that a name typed by a user means: a program, "group:*", "group:", "group:name" or "all"; [] for none. */
export function select<T extends Pick<Program, 'name' | 'group'>>(programs: readonly T[], name: string): T[] {
  if (name === 'all') return [...programs];
  const exact = programs.filter(program => program.name === name);
  if (exact.length > 0) return exact;
  const colon = name.indexOf(':');
  if (colon < 0) return programs.filter(program => program.group === name);
  const group = name.slice(0, colon);
  const rest = name.slice(colon + 1);
  if (rest === '*' || rest === '') return programs.filter(program => program.group === group);
  // Supervisor's full name of a program that is the only one of its group: "hello:hello".
  return programs.filter(program => program.group === group && program.name === rest);
}
