import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownPath } from './door.ts';

test('after the login the way goes to a page of ours, and nowhere else', () => {
  for (const path of ['/', '/events', '/programs/hello%3Acelery/log?channel=stdout'])
    assert.equal(ownPath(path), path);
  for (const path of [
    null,
    '',
    '//evil.test',
    '/\\evil.test',
    'http://evil.test/',
    '/login',
    '/logout',
    '/a\\b',
    '/a b',
    '/a\r\nSet-Cookie: x',
    `/${'x'.repeat(3000)}`,
    'javascript:alert(1)',
  ])
    assert.equal(ownPath(path), '/', String(path));
});
