import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findModule, neighbours, type Tree } from './modules.ts';

/** A tree with these files, and the directories that they need. */
function treeOf(...files: readonly string[]): Tree {
  const below = (path: string) => files.filter(file => file.startsWith(`${path}/`));
  return {
    kind: path => (files.includes(path) ? 'file' : below(path).length > 0 ? 'directory' : 'none'),
    list: path => [...new Set(below(path).map(file => file.slice(path.length + 1).split('/')[0] ?? ''))],
  };
}

const tree = treeOf(
  '/p/one/__init__.py',
  '/p/one/wsgi.py',
  '/p/one/fast.cpython-313.so',
  '/p/manage.py',
  '/s/lib/x.py',
);

test('a module is a file or a directory below its package, in the project or in the virtualenv', () => {
  const find = (name: string) => findModule(name, ['/p', '/s'], tree);
  assert.deepEqual(find('one.wsgi'), { kind: 'there', file: '/p/one/wsgi.py' });
  assert.deepEqual(find('one'), { kind: 'there', file: '/p/one/__init__.py' });
  assert.deepEqual(find('lib.x'), { kind: 'there', file: '/s/lib/x.py' });
  assert.deepEqual(find('one.wsgii'), { kind: 'missing', part: 'wsgii', directory: '/p/one' });
  assert.deepEqual(find('two.wsgi'), { kind: 'missing', part: 'two', directory: '/p' });
});

test('what only Python can know is not called missing', () => {
  const find = (name: string, ...more: string[]) =>
    findModule(name, ['/p', '/s'], treeOf('/p/one.py', '/p/two/fast.cpython-313.so', ...more)).kind;
  assert.equal(find('one.attribute'), 'unknown');
  assert.equal(find('two.fast'), 'unknown');
  assert.equal(find('three.wsgi', '/s/easy-install.pth'), 'unknown');
});

test('the neighbours of a missing module are whole names', () => {
  const found = findModule('one.wsgii', ['/p'], tree);
  assert.ok(found.kind === 'missing');
  assert.deepEqual(neighbours('one.wsgii', found, tree), ['one.wsgi']);
});
