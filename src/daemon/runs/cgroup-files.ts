// The files of a run's cgroup, and of its app's, as they are read (Control Group v2). Knows no meaning of them.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { appEnding } from './cgroups.ts';

/** The cgroup of a run, then that of its app if it is in one. */
export function levelsOf(cgroup: string): readonly string[] {
  const above = dirname(cgroup);
  return above.endsWith(appEnding) ? [cgroup, above] : [cgroup];
}

/** The text of a file; "": there is none. */
export function readIn(directory: string, file: string): string {
  try {
    return readFileSync(join(directory, file), 'utf8');
  } catch {
    return '';
  }
}

/** The number of a key in a flat keyed file; 0: it has none. */
export function countOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}
