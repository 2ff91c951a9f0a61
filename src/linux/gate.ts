// The gate at which a child of native.spawn waits until it may become its program.

import { writeSync } from 'node:fs';
import { errnoOf } from '../errors.ts';

/** Lets the child go on. One that has failed before, and has ended, says why by its status, not by this pipe. */
export function openGate(gate: number): void {
  try {
    writeSync(gate, '\n');
  } catch (error) {
    if (errnoOf(error) !== 'EPIPE') throw error;
  }
}
