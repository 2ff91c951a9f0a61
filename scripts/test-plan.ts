// Which test files run beside which others. Pure: it gets names and returns them. test.ts runs them.

export interface Step {
  readonly name: string;
  readonly files: readonly string[];
  /** How many of the files run at a time. */
  readonly concurrency: number;
  /** All files in one process, since a process takes longer to start than these tests to run. */
  readonly isTogether: boolean;
}

/** Rooms whose tests touch nothing but values. test-plan.test.ts looks whether it is so. */
const pure =
  /^src\/(model|lifecycle|words|xmlrpc|protocol|formats|config\/toml|supervisord\/config|proxy\/http|proxy\/request)\//;
/** They choose the time zone of their process, or measure, which others' garbage in the same process would disturb. */
const particular =
  /^src\/(lifecycle\/(local-time|upkeep)|words\/dotenv|protocol\/terminal|proxy\/http\/ranges)\.test\.ts$/;

/** Unit tests. */
export function unitSteps(files: readonly string[]): readonly Step[] {
  const isTogether = (file: string) => pure.test(file) && !particular.test(file);
  const isOther = (file: string) => !isTogether(file);
  return [
    { name: 'unit tests of values', files: files.filter(isTogether), concurrency: 1, isTogether: true },
    { name: 'unit tests', files: files.filter(isOther), concurrency: 2, isTogether: false },
  ];
}

/** Files beside which nothing else runs: they measure, or count the processes of the users that all tests share. */
const alone = /\/(hostile-load|logs-faults|proxy-slowhttptest|service-manager|storms)\.test\.ts$/;
/** The more of a processor they have, the more they find; or they make users whose names others may look at. */
const aside = /\/(demo|proxy-fuzz[^/]*|supervisord-suite)\.test\.ts$/;

/** Integration tests. Most of one is waiting, so three files for each processor run at a time. */
export function integrationSteps(files: readonly string[], processors: number): readonly Step[] {
  const step = (name: string, concurrency: number, isWanted: (file: string) => boolean): Step => ({
    name: `integration tests${name}`,
    files: files.filter(isWanted),
    concurrency,
    isTogether: false,
  });
  return [
    step('', 3 * processors, file => !alone.test(file) && !aside.test(file)),
    step(', one for each processor', processors, file => aside.test(file)),
    step(', one at a time', 1, file => alone.test(file)),
  ];
}
