import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cachingFields } from './caching.ts';

const now = Date.UTC(2024, 0, 1);
const of = (path: string, prefix: string, expires: number | null) =>
  cachingFields(path, { prefix, expires }, now);

test('names made of the content are kept for good, below /static/ alone', () => {
  const forGood = ['Cache-Control', 'public, max-age=31536000, immutable'];
  for (const expires of [null, 60, -1])
    assert.deepEqual(of('/static/css/base.0123456789ab.css', '/static/', expires), forGood);
  for (const path of [
    '/static/base.css',
    '/static/base.0123456789AB.css',
    '/static/base.0123456789abc.css',
    '/static/base.0123456789ab',
    '/static/x.0123456789ab.d/base',
  ])
    assert.deepEqual(of(path, '/static/', null), [], path);
  assert.deepEqual(of('/media/a.0123456789ab.css', '/media/', null), []);
});

test('an age is said in both fields, as nginx says it', () => {
  assert.deepEqual(of('/media/a.png', '/media/', 86_400), [
    'Expires',
    'Tue, 02 Jan 2024 00:00:00 GMT',
    'Cache-Control',
    'max-age=86400',
  ]);
  assert.deepEqual(of('/media/a.png', '/media/', -1).at(-1), 'no-cache');
  assert.deepEqual(of('/media/a.png', '/media/', 0).at(-1), 'max-age=0');
});
