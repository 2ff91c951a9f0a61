// Runs the checks and the suites one after the other and adds up what they counted. Set-up is setup.sh's.
// `npm test -- unit` (or check, integration) runs one of them; `npm test -- FILE ...` runs these test files.

import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { cacheDirectory, prepareVirtualenvs } from '../integration/harness/virtualenvs.ts';
import {
  addTallies,
  formatSkips,
  formatTally,
  formatUnsteady,
  settle,
  type Tally,
  triedAgain,
} from './tally-sum.ts';
import { integrationSteps, type Step, unitSteps } from './test-plan.ts';

const suites = ['check', 'unit', 'integration'];
const asked = process.argv.slice(2);
const files = asked.filter(word => !suites.includes(word));
const chosen = asked.filter(word => suites.includes(word));
const wanted = (suite: string) => asked.length === 0 || chosen.includes(suite);
const scratch = mkdtempSync(`${tmpdir()}/hostd-tally-`);
/** What Node has made of a source is used by the next process: half a second less for each test file. */
process.env['NODE_COMPILE_CACHE'] ??= `${scratch}/compiled`;

function execute(file: string, args: readonly string[]): Promise<number> {
  return new Promise(resolve => {
    const child = spawn(file, args, { stdio: 'inherit' });
    child.on('error', error => {
      console.error(`test: cannot run ${file}: ${error.message}`);
      resolve(127);
    });
    child.on('close', code => resolve(code ?? 1));
  });
}

/** A check counts as one test. `args`: a JavaScript file and its arguments. */
async function check(name: string, args: readonly string[]): Promise<Tally> {
  console.log(`test: ${name}`);
  const passed = (await execute(process.execPath, args)) === 0;
  return { ...addTallies([]), passed: passed ? 1 : 0, failed: passed ? 0 : 1 };
}

async function suite({ name, files, concurrency, isTogether }: Step): Promise<Tally> {
  console.log(`test: ${name}`);
  const counted = `${scratch}/${name.replaceAll(/\W+/g, '-')}.json`;
  rmSync(counted, { force: true });
  const together = [
    '--test',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=./scripts/tally.ts',
    `--test-reporter-destination=${counted}`,
    '--test-isolation=none',
    '--test-timeout=600000',
  ];
  const apart = ['scripts/run-files.ts', String(concurrency), counted];
  const code = await execute(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    ...(isTogether ? together : apart),
    ...files,
  ]);
  const tally = readTally(counted);
  // A runner that fails without naming a test (a crash, a missing file) counts as one failure.
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

function readTally(file: string): Tally {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Tally;
  } catch {
    return { ...addTallies([]), failed: 1 };
  }
}

/** Prepared once for integration tests, since many tests share it. */
async function prepare(): Promise<void> {
  await prepareVirtualenvs();
  process.env['HOSTD_TEST_CACHE'] = cacheDirectory;
}

const oneAtATime = (name: string, files: readonly string[]): Step => ({
  name,
  files,
  concurrency: 1,
  isTogether: false,
});

/**
 * Runs the few files with failures once more, each by itself. A machine with two processors is sometimes too busy for a test; a test that
 * fails twice has found something. The last lines name what needed two tries.
 */
async function onceMore(first: Tally): Promise<Tally> {
  let settled = first;
  for (const file of triedAgain(first)) {
    console.log(`test: ${file} failed, and is run once more, by itself`);
    settled = settle(settled, file, await suite(oneAtATime('the file that failed', [file])));
  }
  return settled;
}

const units = globSync(['src/**/*.test.ts', 'scripts/**/*.test.ts', 'benchmarks/**/*.test.ts']).sort();
const [values, otherUnits] = unitSteps(units, file => readFileSync(file, 'utf8'));
// Virtualenvs come from a network, and what follows needs none.
const prepared = wanted('integration') || files.length > 0 ? prepare() : Promise.resolve();
const checks = [
  () => check('types (tsc)', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']),
  () => check('style (biome)', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']),
];
const first = [...(wanted('check') ? checks : []), ...(wanted('unit') ? [() => suite(values)] : [])];
const tallies: Tally[] = await Promise.all(first.map(begin => begin()));
await prepared;
if (wanted('integration')) {
  const all = globSync('integration/**/*.test.ts').sort();
  const between = wanted('unit') ? otherUnits.files : [];
  for (const step of integrationSteps(all, availableParallelism(), between))
    tallies.push(await onceMore(await suite(step)));
} else if (wanted('unit')) tallies.push(await suite(otherUnits));
if (files.length > 0) tallies.push(await suite(oneAtATime('the named files', files)));
rmSync(scratch, { recursive: true });

const total = addTallies(tallies);
for (const line of [...formatSkips(total), ...formatUnsteady(total)]) console.log(line);
console.log(formatTally(total));
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
