import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spark } from './spark.ts';

const draw = (values: readonly (number | null)[]) =>
  spark({ what: 'requests', values, write: String, intervalMs: 10_000 })?.text ?? null;

test('a line goes from bottom to top, breaks off where nothing is known, and says what it shows', () => {
  const text = draw([0, 5, null, 10]) ?? '';
  assert.match(text, /d="M0 23L40 12M120 1"/);
  assert.match(text, /aria-label="requests: now 10, at most 10 in the last 1 min"/);
});

test('one value is no line, and many stay small', () => {
  assert.equal(draw([]), null);
  assert.equal(draw([null, 3]), null);
  assert.ok((draw(Array.from({ length: 1000 }, (_, i) => i % 7)) ?? '').length < 800);
  assert.ok(!(draw([0, 0]) ?? '').includes('NaN'));
});
