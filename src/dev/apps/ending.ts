// How a run ended, in words: by itself, by a signal, or before it was the program.

import { readSync } from 'node:fs';
import { constants } from 'node:os';
import { type Ended, launchStages } from '../../native/index.ts';

/** What the launcher wrote before it gave up; null: the command was started. */
export function launchFailure(status: number): string | null {
  const report = Buffer.alloc(8);
  try {
    if (readSync(status, report) < 8) return null;
  } catch {
    return null; // EAGAIN: nothing was written
  }
  const number = report.readInt32LE(4);
  const code =
    Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;
  return `a failure to start (${launchStages[report.readInt32LE(0)] ?? 'exec'}: ${code})`;
}

/** "exit code 1", "SIGKILL". */
export function describe(ended: Ended | null): {
  how: string;
  code: number | null;
} {
  if (ended?.signal != null) {
    const name = Object.entries(constants.signals).find(([, number]) => number === ended.signal)?.[0];
    return { how: name ?? `signal ${ended.signal}`, code: null };
  }
  return { how: `exit code ${ended?.code ?? '?'}`, code: ended?.code ?? null };
}
