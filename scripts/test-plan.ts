// Which test files run beside which others. Pure: it gets names, asks for texts, and returns names. test.ts runs them.

export interface Step {
  readonly name: string;
  readonly files: readonly string[];
  /** How many of the files run at a time. */
  readonly concurrency: number;
  /** All files in one process, since a process takes longer to start than these tests to run. */
  readonly isTogether: boolean;
}

/** Rooms whose tests touch nothing but values, most of them. */
const pure =
  /^src\/(model|lifecycle|words|xmlrpc|protocol|formats|config\/toml|supervisord\/config|proxy\/http|proxy\/request)\//;
/** What starts others, measures, or changes what a process has only once, such as its time zone. */
const particular =
  /child_process|createServer|mkdtemp|process\.(env|chdir|umask|exit|kill|on|once)\b|mock\.|performance|Date\.now|setTimeout/;

/** Unit tests. `textOf`: what a file says. */
export function unitSteps(files: readonly string[], textOf: (file: string) => string): readonly Step[] {
  const isTogether = (file: string) => pure.test(file) && !particular.test(textOf(file));
  const together = new Set(files.filter(isTogether));
  const others = files.filter(file => !together.has(file));
  return [
    { name: 'unit tests of values', files: [...together], concurrency: 1, isTogether: true },
    { name: 'unit tests', files: others, concurrency: 2, isTogether: false },
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
