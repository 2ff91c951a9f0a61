import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aboutOf, programName } from './about.ts';

test('a program alone is a group of its own name; one of several has its own name in the group', () => {
  assert.deepEqual(aboutOf({ name: 'cat', group: 'cat' }), { group: 'cat', process: 'cat' });
  assert.deepEqual(aboutOf({ name: 'cat:cat_00', group: 'cat' }), { group: 'cat', process: 'cat_00' });
  assert.equal(programName({ group: 'cat', process: 'cat_00' }), 'cat:cat_00');
  assert.equal(programName({ group: 'cat', process: 'cat' }), 'cat');
});

test('a process of a supervisord.conf is called what it is called there, whatever hostd names its files after', () => {
  const program = { name: 'a:..%2Fx', group: 'a', supervisord: { process: '../x' } };
  assert.deepEqual(aboutOf(program), { group: 'a', process: '../x' });
});
