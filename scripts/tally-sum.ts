// Adds up the results of a suite of tests, and makes the lines about them. Knows nothing of how tests are run.

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** The tests that did not run, each with its reason. */
  readonly skipped: readonly Skip[];
}

export interface Skip {
  readonly file: string;
  readonly name: string;
  readonly why: string;
}

export function addTallies(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
    skipped: tallies.flatMap(({ skipped }) => skipped),
  };
}

/** One line for each skipped test: "skipped: FILE: NAME: REASON". */
export function formatSkips({ skipped }: Tally): readonly string[] {
  return skipped.map(({ file, name, why }) => `skipped: ${file}: ${name}: ${why.replaceAll(/\s+/g, ' ')}`);
}

/** "12 passed, 0 failed", and ", 3 skipped" when some were. */
export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`;
}
