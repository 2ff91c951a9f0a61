import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Faults } from './faults.ts';

test('a mistake now and then is lived with, a storm of them is not', () => {
  const faults = new Faults();
  for (let i = 0; i < 1000; i++) assert.equal(faults.add(i * 250), false);
  const storm = Array.from({ length: 60 }, () => faults.add(300_000));
  assert.deepEqual([storm.slice(0, 50).includes(true), storm[50]], [false, true]);
});
