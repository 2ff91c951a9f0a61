// How long the properties run: briefly by themselves, longer with HOSTD_FUZZ_RUNS (runs of each property, with no bound on
// time), and once more the same with HOSTD_FUZZ_SEED.

import type { TestContext } from 'node:test';

export interface FuzzSettings {
  readonly seed: number;
  readonly numRuns: number;
  readonly interruptAfterTimeLimit?: number;
}

const usualMs = 15_000;

/** Settings for fast-check. Says them, so that a run can be repeated; past the time limit, what has been tried counts. */
export function fuzzSettings(t: TestContext, usualRuns: number): FuzzSettings {
  const asked = process.env['HOSTD_FUZZ_RUNS'];
  const numRuns = Number(asked ?? usualRuns);
  const seed = Number(process.env['HOSTD_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  if (!Number.isSafeInteger(numRuns) || numRuns < 1 || !Number.isSafeInteger(seed))
    throw new Error('HOSTD_FUZZ_RUNS and HOSTD_FUZZ_SEED must be numbers');
  t.diagnostic(`HOSTD_FUZZ_SEED=${seed}, ${numRuns} runs`);
  return { seed, numRuns, ...(asked === undefined ? { interruptAfterTimeLimit: usualMs } : {}) };
}
