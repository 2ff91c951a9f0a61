// Makes comments and warnings of what was not understood. Each remark is told once, where it belongs.

import type { Place, Problem } from '../../model/problem.ts';
import type { Remark } from '../draft.ts';
import type { Tabled } from '../supervisor/table.ts';

export class Remarks {
  readonly #all: readonly Remark[];
  readonly #told = new Set<Remark>();

  constructor(all: readonly Remark[]) {
    this.#all = all;
  }

  /** Lines for the remarks that belong to one of these names, or to this file. */
  of(names: readonly (string | undefined)[], file?: string): readonly string[] {
    return this.#tell(
      remark =>
        (remark.of !== null && names.includes(remark.of)) || (file !== undefined && remark.at.file === file),
    );
  }

  rest(): readonly string[] {
    return this.#tell(() => true);
  }

  /** Whether a remark makes a difference. */
  matters(): boolean {
    return this.#all.some(({ harmless }) => harmless !== true);
  }

  problems(): readonly Problem[] {
    return this.#all.map(({ at, line, why }) => ({
      severity: 'warning',
      at,
      message: `not imported: ${line} (${why})`,
    }));
  }

  #tell(belongs: (remark: Remark) => boolean): readonly string[] {
    const own = this.#all.filter(remark => !this.#told.has(remark) && belongs(remark));
    for (const remark of own) this.#told.add(remark);
    return own.map(({ at, line, why }) => `${placeText(at)}: ${line}  (${why})`);
  }
}

export function placeText({ file, line }: Place): string {
  return `${file}:${line}`;
}

/** Problems for keys that the table could not have. */
export function lostProblems(at: Place | undefined, { lost }: Tabled): readonly Problem[] {
  return lost.map(([key, why]) => ({
    severity: 'warning',
    message: `not imported: ${key} (${why})`,
    ...(at === undefined ? {} : { at }),
  }));
}
