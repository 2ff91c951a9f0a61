import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { integrationSteps, type Step, unitSteps } from './test-plan.ts';

const units = globSync(['src/**/*.test.ts', 'scripts/**/*.test.ts', 'benchmarks/**/*.test.ts']);
const integrations = globSync('integration/**/*.test.ts');
const filesOf = (steps: readonly Step[]) => steps.flatMap(({ files }) => files);

test('every file is in one step', () => {
  assert.deepEqual(filesOf(unitSteps(units)).toSorted(), units.toSorted());
  assert.deepEqual(filesOf(integrationSteps(integrations, 2)).toSorted(), integrations.toSorted());
  for (const { name, files } of [...unitSteps(units), ...integrationSteps(integrations, 2)])
    assert.ok(files.length > 0, `${name}: no file`);
});

test('files that share a process start no other, measure nothing, and change nothing that a process has only once', () => {
  const shared = unitSteps(units).filter(({ isTogether }) => isTogether);
  const forbidden =
    /child_process|process\.(env|chdir|umask|exit|kill|on|once)\b|createServer|mkdtemp|mock\.|performance|Date\.now/;
  const found = filesOf(shared).filter(file => forbidden.test(readFileSync(file, 'utf8')));
  assert.deepEqual(found, []);
});
