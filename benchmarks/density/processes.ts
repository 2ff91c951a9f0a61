// All processes of a stack, wherever they come from: what they take, and which of them serve a site.

import type { Place } from '../../integration/harness/place.ts';
import { marked, type Process } from '../../integration/harness/processes.ts';
import { cpuOf, memoryOf } from '../supervision/proc.ts';

/** MiB of Pss of everything together. A process that ends meanwhile counts as nothing. */
export function memoryIn(place: Place): number {
  return sum(place, pid => memoryOf([pid]).pss);
}

/** Seconds of processor time that those who live now have used. */
export function cpuIn(place: Place): number {
  return sum(place, pid => cpuOf([pid]));
}

/** The first processes of the sites that are awake: gunicorn's and uWSGI's masters. */
export function mastersIn(place: Place): readonly Process[] {
  const serving = marked(place.mark).filter(({ command }) => /gunicorn |uwsgi-core --ini site/.test(command));
  const pids = new Set(serving.map(({ pid }) => pid));
  return serving.filter(({ ppid }) => !pids.has(ppid));
}

function sum(place: Place, of: (pid: number) => number): number {
  let total = 0;
  for (const { pid } of marked(place.mark)) {
    try {
      total += of(pid);
    } catch {
      // It has ended.
    }
  }
  return total;
}
