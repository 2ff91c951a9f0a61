// The bounds of one container. Pure.

import type { BoundField } from '../../model/bounds.ts';
import { noBounds } from '../../model/bounds.ts';
import type { Program } from '../../model/host.ts';

/** The stricter one of the program's own bound and its app's; null: neither is set. */
export function boundOf(program: Program, field: BoundField): number | null {
  const { appBounds = noBounds } = program;
  const set = [program[field], appBounds[field]].filter(value => value > 0);
  return set.length === 0 ? null : Math.min(...set);
}
