import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeShares } from './shares.ts';

test('a caller gets so many and no more, and others still get theirs', () => {
  const shares = makeShares({ each: 2, all: 3 });
  const first = shares.take(1000);
  assert.equal(typeof first, 'function');
  assert.equal(typeof shares.take(1000), 'function');
  assert.equal(shares.take(1000), 'each');
  assert.equal(typeof shares.take(1001), 'function');
  assert.equal(shares.take(1001), 'all');
  for (let root = 0; root < 10; root++) assert.equal(typeof shares.take(0), 'function');
});

test('what is given back can be taken again, and giving back twice is giving back once', () => {
  const shares = makeShares({ each: 1, all: 2 });
  const give = shares.take(1000) as () => void;
  assert.equal(typeof shares.take(1001), 'function');
  give();
  give();
  assert.equal(typeof shares.take(1000), 'function');
  assert.equal(shares.take(1002), 'all');
});
