// Decides which happenings are kept. Of those that come again and again, such as the crash loops of two hundred programs, only a few are
// kept, so that they neither fill the disk nor push out all others: the first ones, then each time that there were twice as many, and
// the last one once it has become quiet. Pure: time arrives with the happenings.

import type { Happening } from '../../model/happenings.ts';

/** This many in a row are all kept. */
const first = 16;
/** Milliseconds of quiet after which the last one is kept. */
export const calm = 60_000;
/** Milliseconds of quiet after which a storm is forgotten. */
export const forgotten = 3_600_000;
/** Storms that are remembered. A host has no more names than its files have. */
const most = 4096;

/** The key of a storm: all changes of a program's state are one storm, by name. Otherwise each kind is its own. */
const cycle: ReadonlySet<string> = new Set([
  'starting',
  'running',
  'stopping',
  'stopped',
  'exited',
  'backoff',
]);

export interface Kept {
  readonly happening: Happening;
  /** Unix time in milliseconds. */
  readonly at: number;
  /** How many before it were not kept. */
  readonly repeated: number;
}

interface Storm {
  count: number;
  nextKept: number;
  last: number;
  /** How many came since the last one that was kept; and the newest of them. */
  held: number;
  newest: { happening: Happening; at: number } | null;
}

export class Storms {
  readonly #storms = new Map<string, Storm>();

  /** What has to be kept after this happening at `at`. */
  offer(happening: Happening, at: number): readonly Kept[] {
    const quiet = this.settle(at);
    const key = cycle.has(happening.kind) ? happening.name : `${happening.name}\0${happening.kind}`;
    const storm = this.#storms.get(key) ?? { count: 0, nextKept: first, last: at, held: 0, newest: null };
    // The newest storm comes last.
    this.#storms.delete(key);
    this.#storms.set(key, storm);
    if (this.#storms.size > most) this.#storms.delete(this.#storms.keys().next().value ?? '');
    storm.last = at;
    storm.count += 1;
    const isFirst = storm.count <= first;
    if (!isFirst && storm.count < storm.nextKept) {
      storm.held += 1;
      storm.newest = { happening, at };
      return quiet;
    }
    if (!isFirst || storm.count === first) storm.nextKept = storm.count * 2;
    const kept = { happening, at, repeated: storm.held };
    storm.held = 0;
    storm.newest = null;
    return [...quiet, kept];
  }

  /** What has to be kept because it has become quiet by `at`. */
  settle(at: number): readonly Kept[] {
    const kept: Kept[] = [];
    for (const [key, storm] of this.#storms) {
      if (storm.newest !== null && at - storm.last >= calm) {
        kept.push({ ...storm.newest, repeated: storm.held - 1 });
        storm.held = 0;
        storm.newest = null;
      }
      if (at - storm.last >= forgotten) this.#storms.delete(key);
    }
    return kept;
  }

  /** When `settle` will have something to keep; null: nothing is held. */
  next(): number | null {
    let next: number | null = null;
    for (const { newest, last } of this.#storms.values())
      if (newest !== null) next = Math.min(next ?? Number.POSITIVE_INFINITY, last + calm);
    return next;
  }

  /** Everything that is held, since hostd ends. */
  flush(): readonly Kept[] {
    return this.settle(Number.POSITIVE_INFINITY);
  }
}
