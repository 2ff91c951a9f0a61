import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budget, type Full } from './budget.ts';

test('no one of them, and not all of them together, get more than there is', () => {
  const full: Full[] = [];
  const budget = new Budget({ all: 10, each: 6 }, why => full.push(why));
  assert.equal(budget.take('a', 6), true);
  assert.equal(budget.take('a', 1), false);
  assert.equal(budget.take('b', 4), true);
  assert.equal(budget.take('c', 1), false);
  assert.deepEqual(full, ['one', 'all']);
  budget.give('a', 5);
  assert.equal(budget.take('c', 5), true);
  assert.equal(budget.used, 10);
});

test('what was given back leaves nothing behind', () => {
  const budget = new Budget({ all: 100, each: 100 });
  for (let i = 0; i < 50; i++) budget.take(`a${i}`, 2);
  for (let i = 0; i < 50; i++) budget.give(`a${i}`, 2);
  assert.deepEqual([budget.used, budget.usedBy('a1')], [0, 0]);
});
