import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { label, labelled } from './names.ts';

test('a name becomes a label of DNS', () => {
  for (const [name, wanted] of [
    ['hello', 'hello'],
    ['My_App.v2', 'my-app-v2'],
    ['a--', 'a'],
    ['9lives', 'app-9lives'],
    ['-', 'app'],
  ] as const)
    assert.equal(label(name), wanted);
  assert.match(label('x'.repeat(100)), /^x+-[0-9a-f]{6}$/);
});

test('names that have the same label get one each, and a label keeps its own', () => {
  assert.deepEqual(
    [...labelled(['my_app', 'my-app', 'My.App'])],
    [
      ['my-app', 'my-app'],
      ['my_app', 'my-app-2'],
      ['My.App', 'my-app-3'],
    ],
  );
  assert.equal(labelled(['migrate'], ['migrate']).get('migrate'), 'migrate-2');
});

test('whatever the names are, the labels are labels, and differ', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/);
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 8 }), names => {
      const labels = [...labelled(names).values()];
      assert.equal(new Set(labels).size, names.length);
      for (const found of labels) assert.match(found, /^[a-z]([a-z0-9-]{0,50}[a-z0-9])?$/);
    }),
  );
});
