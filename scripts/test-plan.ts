// Which test files run beside which others. Pure: it gets names, asks for texts, and returns names. test.ts runs them.

export interface Step {
  readonly name: string;
  readonly files: readonly string[];
  /** How many of the files run at a time. They begin in their order. */
  readonly concurrency: number;
  /** All files in one process, since a process takes longer to start than these tests to run. */
  readonly isTogether: boolean;
}

/** What starts others, touches files or sockets, measures, or changes what a process has only once, such as its time zone. */
const particular =
  /node:(child_process|fs|net|http|https|dns|os|worker_threads)|globSync|process\.(env|chdir|umask|exit|kill|on|once)\b|mock\.|performance|Date\.now|setTimeout|^(before|after)(Each)?\(/m;

/** Unit tests: those that share a process, and the others. `textOf`: what a file says. */
export function unitSteps(
  files: readonly string[],
  textOf: (file: string) => string,
): readonly [values: Step, others: Step] {
  const isTogether = (file: string) => !particular.test(textOf(file));
  const together = new Set(files.filter(isTogether));
  const others = files.filter(file => !together.has(file));
  return [
    { name: 'unit tests of values', files: [...together], concurrency: 1, isTogether: true },
    { name: 'unit tests', files: others, concurrency: 2, isTogether: false },
  ];
}

/** Files beside which nothing else runs: they measure, need hostd to look in time, or count the processes of the users that all tests share. */
const alone = /\/(hostile-load|logs-faults|logs-load|proxy-slowhttptest|service-manager|storms)\.test\.ts$/;
/** The more of a processor they have, the more they find; or they make users whose names others may look at. */
const aside = /\/(demo|proxy-fuzz[^/]*|supervisord-suite)\.test\.ts$/;

/** The files that take longest, the longest first. They begin first, so that none of them ends long after all others. */
const longest = [
  'create',
  'supervisor-rpc',
  'create-hazards',
  'create-postgresql',
  'events',
  'upstreams',
  'start',
  'deploying',
  'held-names',
  'nights',
  'crossing',
  'logs',
  'serving',
  'files',
  'documented-commands',
  'doctor',
  'reload-trial',
  'idle',
  'terminal',
].map(name => `integration/${name}.test.ts`);

/**
 * Integration tests. Most of one is waiting, so four files for each processor run at a time. `units`: unit tests with a process each, which
 * fill the gaps.
 */
export function integrationSteps(
  files: readonly string[],
  processors: number,
  units: readonly string[] = [],
): readonly Step[] {
  const beside = files.filter(file => !alone.test(file) && !aside.test(file));
  const first = longest.filter(file => beside.includes(file));
  const rest = beside.filter(file => !longest.includes(file));
  const step = (name: string, concurrency: number, chosen: readonly string[]): Step => ({
    name,
    files: chosen,
    concurrency,
    isTogether: false,
  });
  const name = units.length > 0 ? 'integration tests, and unit tests between them' : 'integration tests';
  return [
    step(name, 4 * processors, [...first, ...rest, ...units]),
    step(
      'integration tests, one for each processor',
      processors,
      files.filter(file => aside.test(file)),
    ),
    step(
      'integration tests, one at a time',
      1,
      files.filter(file => alone.test(file)),
    ),
  ];
}
