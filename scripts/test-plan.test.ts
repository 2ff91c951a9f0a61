import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { integrationSteps, type Step, unitSteps } from './test-plan.ts';

const units = globSync(['src/**/*.test.ts', 'scripts/**/*.test.ts', 'benchmarks/**/*.test.ts']);
const integrations = globSync('integration/**/*.test.ts');
const filesOf = (steps: readonly Step[]) => steps.flatMap(({ files }) => files);

test('every file is in one step', () => {
  assert.deepEqual(filesOf(unitSteps(units, () => '')).toSorted(), units.toSorted());
  const steps = integrationSteps(integrations, 2);
  assert.deepEqual(filesOf(steps).toSorted(), integrations.toSorted());
  for (const { name, files } of steps) assert.ok(files.length > 0, `${name}: no file`);
});

test('what takes longest begins first, and unit tests come between integration tests', () => {
  const [main] = integrationSteps(integrations, 2, ['src/daemon/d.test.ts']);
  assert.deepEqual(main?.files.slice(0, 2), [
    'integration/create.test.ts',
    'integration/supervisor-rpc.test.ts',
  ]);
  assert.equal(main?.files.at(-1), 'src/daemon/d.test.ts');
  assert.equal(new Set(main?.files).size, main?.files.length);
});

test('a unit test shares a process where it is of values, and does nothing to the process', () => {
  const texts = new Map([
    ['src/model/a.test.ts', "import { test } from 'node:test';"],
    ['src/model/b.test.ts', "process.env['TZ'] = 'UTC';"],
    ['src/words/c.test.ts', 'const begun = performance.now();'],
    ['src/daemon/d.test.ts', "import { readFileSync } from 'node:fs';"],
  ]);
  const steps = unitSteps([...texts.keys()], file => texts.get(file) ?? '');
  assert.deepEqual(
    steps.filter(({ isTogether }) => isTogether).flatMap(({ files }) => files),
    ['src/model/a.test.ts'],
  );
});
