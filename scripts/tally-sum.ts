// Adds up the results of a suite of tests, and makes the lines about them. Decides what is tried again. Knows nothing of how tests are run.

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** The tests that did not run, each with its reason. */
  readonly skipped: readonly Skip[];
  /** The tests that failed. */
  readonly failures: readonly Failure[];
  /** The tests that failed beside others, and passed when their file was run by itself. They count as passed. */
  readonly unsteady: readonly Failure[];
}

export interface Failure {
  readonly file: string;
  readonly name: string;
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
    failures: tallies.flatMap(({ failures }) => failures),
    unsteady: tallies.flatMap(({ unsteady }) => unsteady),
  };
}

/** More files than these fail for a reason that a second try would not find. */
const mostTriedAgain = 3;
/** A failure of a test that draws its inputs is a find. Another draw says nothing about it. */
const drawn = /(^|\/)(proxy-fuzz[^/]*|soak[^/]*)\.test\.ts$/;

/** The files to be run once more, each by itself, after a run with this result: those with failures, while they are few. */
export function triedAgain({ failed, failures }: Tally): readonly string[] {
  const files = [...new Set(failures.map(({ file }) => file))].filter(file => file !== '');
  // A failure without a name, or beside a name, is one of the run itself.
  if (failed !== failures.length || files.length > mostTriedAgain) return [];
  return files.filter(file => !drawn.test(file));
}

/** `first`: of a run with others; `again`: of one of its files, by itself. What failed in the file and passes now is unsteady. */
export function settle(first: Tally, file: string, again: Tally): Tally {
  const recalled = first.failures.filter(failure => failure.file === file);
  if (again.failed > 0 || again.passed < recalled.length) return first;
  return {
    ...first,
    passed: first.passed + recalled.length,
    failed: first.failed - recalled.length,
    failures: first.failures.filter(failure => failure.file !== file),
    unsteady: [...first.unsteady, ...recalled],
  };
}

/** One line for each unsteady test. */
export function formatUnsteady({ unsteady }: Tally): readonly string[] {
  return unsteady.map(
    ({ file, name }) => `unsteady: ${file}: ${name}: failed beside others, passed by itself`,
  );
}

/** One line for each skipped test: "skipped: FILE: NAME: REASON". */
export function formatSkips({ skipped }: Tally): readonly string[] {
  return skipped.map(({ file, name, why }) => `skipped: ${file}: ${name}: ${why.replaceAll(/\s+/g, ' ')}`);
}

/** "12 passed, 0 failed", and ", 3 skipped" when some were. */
export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`;
}
