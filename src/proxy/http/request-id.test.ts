import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRequestId, makeRequestId } from './request-id.ts';

test('a word that is made is new, and one that may be passed on', () => {
  const made = Array.from({ length: 1000 }, makeRequestId);
  assert.equal(new Set(made).size, 1000);
  for (const id of made) assert.ok(isRequestId(id), id);
});

test('only one short and harmless word is passed on', () => {
  for (const id of ['a', '0191e7a4-6f0e-7c3a-9d6f-2f1d', 'Root:1.2_3', 'x'.repeat(128)])
    assert.ok(isRequestId(id));
  for (const id of ['', 'a b', 'a,b', 'a"', 'é', 'a\n', '{x}', 'x'.repeat(129)])
    assert.ok(!isRequestId(id), id);
});
