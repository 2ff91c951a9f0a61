import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appProgram, logFile, makeApp } from './app.ts';
import { changes, same } from './changes.ts';
import type { Program } from './host.ts';

function program(name: string, given: Partial<Program> = {}): Program {
  const source = { file: 'f', key: ['program', name] };
  return { ...appProgram(makeApp({ name, root: '/r', source })), ...given };
}

test('the same programs are no change, wherever they are written now', () => {
  const moved = program('a', { source: { file: 'other', key: ['program', 'a'] } });
  assert.deepEqual(changes([program('a')], [moved]), []);
});

test('what is new, gone and different is told, by name', () => {
  const before = [program('b'), program('c')];
  const after = [program('c', { startsecs: 5, command: ['x'] }), program('a')];
  assert.deepEqual(changes(before, after), [
    { name: 'a', change: 'available', keys: [] },
    { name: 'b', change: 'disappeared', keys: [] },
    { name: 'c', change: 'changed', keys: ['command', 'startsecs'] },
  ]);
});

test('keys are named as hostd.toml names them', () => {
  const keys = (given: Partial<Program>) => changes([program('a')], [program('a', given)])[0]?.keys;
  assert.deepEqual(keys({ unixGroup: 'web' }), ['group']);
  assert.deepEqual(keys({ noNewPrivileges: false }), ['no_new_privileges']);
  assert.deepEqual(keys({ priority: 1, groupPriority: 1 }), ['priority']);
  assert.deepEqual(keys({ stdout: { ...logFile('/x'), backups: 1 } }), [
    'stdout_logfile',
    'stdout_logfile_backups',
  ]);
  assert.deepEqual(keys({ stderr: logFile('/x') }), ['redirect_stderr']);
});

test('a program whose definition has errors now is left as it was', () => {
  const keeps = ({ source }: Program) => source.key[1] === 'a';
  assert.deepEqual(changes([program('a')], [], keeps), []);
  assert.deepEqual(changes([program('a')], [program('a', { startsecs: 9 })], keeps), []);
});

test('a change undone is the opposite change', () => {
  const one = fc.record({ name: fc.constantFrom('a', 'b', 'c'), startsecs: fc.nat({ max: 2 }) });
  const some = fc
    .uniqueArray(one, { selector: ({ name }) => name })
    .map(list => list.map(({ name, startsecs }) => program(name, { startsecs })));
  const opposite = { available: 'disappeared', changed: 'changed', disappeared: 'available' } as const;
  fc.assert(
    fc.property(some, some, (before, after) => {
      const there = changes(before, after).map(({ name, change }) => [name, opposite[change]]);
      assert.deepEqual(
        there,
        changes(after, before).map(({ name, change }) => [name, change]),
      );
    }),
  );
});

test('equality looks at everything, and not at the order of keys', () => {
  assert.equal(same({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 }), true);
  assert.equal(same({ a: 1 }, { a: 1, b: undefined }), false);
  assert.equal(same([1], { 0: 1 }), false);
  fc.assert(fc.property(fc.jsonValue(), value => assert.equal(same(value, structuredClone(value)), true)));
});
