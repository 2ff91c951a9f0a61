import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Attempts } from './attempts.ts';

test('ten tries, then one each ten seconds, and nobody uses up those of others', () => {
  const attempts = new Attempts();
  for (let i = 0; i < 10; i++) assert.equal(attempts.take('uid 1', 0), 0);
  assert.equal(attempts.take('uid 1', 0), 10_000);
  assert.equal(attempts.take('uid 2', 0), 0);
  // A refusal is no try: whoever asks again and again has not longer to wait.
  for (let i = 0; i < 100; i++) attempts.take('uid 1', 5000);
  assert.equal(attempts.take('uid 1', 5000), 5000);
  assert.equal(attempts.take('uid 1', 10_000), 0);
  assert.equal(attempts.take('uid 1', 10_000), 10_000);
  attempts.forgive('uid 1');
  assert.equal(attempts.take('uid 1', 10_000), 0);
});

test('a network full of sources does not make it grow, and those that try now are remembered', () => {
  const attempts = new Attempts();
  for (let i = 0; i < 10; i++) attempts.take('uid 1', 0);
  for (let i = 0; i < 6000; i++) {
    attempts.take(`10.0.${i >> 8}.${i & 255}`, 1);
    if (i % 1000 === 0) assert.ok(attempts.take('uid 2', 0) >= 0);
  }
  assert.equal(attempts.take('10.0.23.111', 1), 0);
});
