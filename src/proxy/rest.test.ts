import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atInterval } from './rest.ts';

test('a worker gives memory back once a busy time is over', () => {
  assert.equal(atInterval(4000, 4000, 10_000), 'wait');
  assert.equal(atInterval(200, 90_000, 10_000), 'wait');
  assert.equal(atInterval(199, 90_000, 10_000), 'give back');
});

test('a worker that has done little lets it be, and is not woken again', () => {
  assert.equal(atInterval(0, 999, 10_000), 'rest');
  assert.equal(atInterval(150, 150, 10_000), 'rest');
});
