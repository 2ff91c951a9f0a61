// Runs the checks and the suites one after the other and adds up what they counted. Set-up is setup.sh's.
// `npm test -- unit` (or check, integration) runs one of them; `npm test -- FILE ...` runs these test files.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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

const suites = ['check', 'unit', 'integration'];
const asked = process.argv.slice(2);
const files = asked.filter(word => !suites.includes(word));
const chosen = asked.filter(word => suites.includes(word));
const wanted = (suite: string) => asked.length === 0 || chosen.includes(suite);
const scratch = mkdtempSync(`${tmpdir()}/hostd-tally-`);

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

async function suite(name: string, patterns: readonly string[], options: readonly string[]): Promise<Tally> {
  console.log(`test: ${name} tests`);
  const counted = `${scratch}/${name.replaceAll(/\W+/g, '-')}.json`;
  rmSync(counted, { force: true });
  const code = await execute(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=./scripts/tally.ts',
    `--test-reporter-destination=${counted}`,
    ...options,
    ...patterns,
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

/** Integration tests: none may hang for ever. Two files for each processor at a time, since half of such a test is waiting. */
const real = ['--test-timeout=600000', `--test-concurrency=${2 * availableParallelism()}`];
const oneAtATime = [...real, '--test-concurrency=1'];
/**
 * Files beside which nothing else runs: they measure, count the processes of the users that all tests share, use something that a
 * machine has only once (the demo's place, cgroups of a container), or need both processors for whole minutes.
 */
const alone =
  /^(demo|hostile-load|logs-faults|proxy-fuzz.*|proxy-slowhttptest|service-manager|soak|storms|supervisord-suite|nspawn\/.*)\.test\.ts$/;

function integrationFiles(isAlone: boolean): string[] {
  return readdirSync('integration', { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.test.ts') && alone.test(file) === isAlone)
    .sort()
    .map(file => `integration/${file}`);
}

/**
 * Runs the few files with failures once more, each by itself. A machine with two processors is sometimes too busy for a test; a test that
 * fails twice has found something. The last lines name what needed two tries.
 */
async function onceMore(first: Tally): Promise<Tally> {
  let settled = first;
  for (const file of triedAgain(first)) {
    console.log(`test: ${file} failed, and is run once more, by itself`);
    settled = settle(settled, file, await suite('failed', [file], oneAtATime));
  }
  return settled;
}

const tallies: Tally[] = [];
if (wanted('check'))
  tallies.push(
    ...(await Promise.all([
      check('types (tsc)', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']),
      check('style (biome)', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']),
    ])),
  );
if (wanted('unit'))
  tallies.push(
    await suite(
      'unit',
      ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'benchmarks/**/*.test.ts'],
      ['--test-concurrency=2'],
    ),
  );
if (wanted('integration') || files.length > 0) await prepare();
if (wanted('integration')) {
  const beside = await suite('integration', integrationFiles(false), real);
  const byItself = await suite('integration, one at a time', integrationFiles(true), oneAtATime);
  tallies.push(await onceMore(beside), await onceMore(byItself));
}
if (files.length > 0) tallies.push(await suite('named', files, oneAtATime));
rmSync(scratch, { recursive: true });

const total = addTallies(tallies);
for (const line of [...formatSkips(total), ...formatUnsteady(total)]) console.log(line);
console.log(formatTally(total));
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
