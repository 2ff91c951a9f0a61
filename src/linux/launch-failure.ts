// What the launcher (native.spawn) wrote before it gave up, read from its status pipe once the child has ended.

import { readSync } from 'node:fs';
import { constants } from 'node:os';
import { launchStages } from '../native/index.ts';

export interface LaunchFailure {
  readonly stage: (typeof launchStages)[number];
  /** "EACCES", or "errno 200" for one without a name. */
  readonly code: string;
}

/** null: nothing was written, for the child became the program. */
export function readLaunchFailure(status: number): LaunchFailure | null {
  const report = Buffer.alloc(8);
  try {
    if (readSync(status, report) < 8) return null;
  } catch {
    // EAGAIN: nothing was written, and somebody else has the pipe's other end still.
    return null;
  }
  const number = report.readInt32LE(4);
  const code = Object.entries(constants.errno).find(([, value]) => value === number)?.[0];
  return { stage: launchStages[report.readInt32LE(0)] ?? 'exec', code: code ?? `errno ${number}` };
}
