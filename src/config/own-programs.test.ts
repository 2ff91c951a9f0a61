import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayExecute } from './own-programs.ts';

const www = { uid: 33, groups: [33, 99] };

test('who may execute a file follows from the first of owner, group and others that fits', () => {
  const cases: readonly [mode: number, uid: number, gid: number, may: boolean][] = [
    [0o100755, 0, 0, true],
    [0o100750, 0, 0, false], // umask 027
    [0o100700, 0, 0, false], // umask 077
    [0o100750, 0, 99, true],
    [0o100705, 0, 99, false],
    [0o100655, 33, 0, false],
    [0o100700, 33, 0, true],
    [0o100644, 0, 0, false],
  ];
  for (const [mode, uid, gid, may] of cases)
    assert.equal(mayExecute({ mode, uid, gid }, www), may, `${mode.toString(8)} ${uid}:${gid}`);
});

test('root needs an x of anybody’s', () => {
  const root = { uid: 0, groups: [0] };
  assert.equal(mayExecute({ mode: 0o100001, uid: 33, gid: 33 }, root), true);
  assert.equal(mayExecute({ mode: 0o100644, uid: 0, gid: 0 }, root), false);
});
