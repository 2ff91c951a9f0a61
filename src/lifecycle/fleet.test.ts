import assert from 'node:assert/strict';
import { test } from 'node:test';
import { select, startWaves, stopWaves } from './fleet.ts';

const program = (name: string, group = name, priority = 999, groupPriority = 999) => ({
  name,
  group,
  priority,
  groupPriority,
});
const names = (waves: { name: string }[][]) => waves.map(wave => wave.map(p => p.name));

test('programs of one priority start together, lower numbers first, and stop the other way round', () => {
  const programs = [
    program('web'),
    program('db', 'db', 999, 10),
    program('cache', 'cache', 999, 10),
    program('late', 'web', 1000),
  ];
  assert.deepEqual(names(startWaves(programs)), [['db', 'cache'], ['web'], ['late']]);
  assert.deepEqual(names(stopWaves(programs)), [['late'], ['web'], ['db', 'cache']]);
});

test("a group's priority counts before its programs' own", () => {
  const programs = [program('first', 'early', 999, 10), program('second', 'late', 1, 20)];
  assert.deepEqual(names(startWaves(programs)), [['first'], ['second']]);
  assert.deepEqual(names(stopWaves(programs)), [['second'], ['first']]);
});

test('a name means the program of that name, a group with its star, or all', () => {
  const programs = [
    program('hello'),
    program('hello:celery', 'hello'),
    program('cat:cat_00', 'cat'),
    program('cat:cat_01', 'cat'),
  ];
  const chosen = (name: string) => select(programs, name).map(p => p.name);
  assert.deepEqual(chosen('hello'), ['hello']);
  assert.deepEqual(chosen('hello:*'), ['hello', 'hello:celery']);
  assert.deepEqual(chosen('hello:hello'), ['hello']);
  assert.deepEqual(chosen('hello:celery'), ['hello:celery']);
  assert.deepEqual(chosen('cat'), ['cat:cat_00', 'cat:cat_01']);
  assert.deepEqual(chosen('cat:'), ['cat:cat_00', 'cat:cat_01']);
  assert.equal(chosen('all').length, 4);
  assert.deepEqual(chosen('nosuch'), []);
});
