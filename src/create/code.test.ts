import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { foundIn, shownUrl } from './code.ts';

const target = '/webapps/hello/code';

test('a project is taken as it was found', () => {
  const text = JSON.stringify([`${target}/src`, 'hello.settings', 'hello.wsgi']);
  assert.deepEqual(foundIn(text, target), [`${target}/src`, 'hello.settings', 'hello.wsgi']);
  assert.deepEqual(foundIn('[null, null, null]', target), [null, null, null]);
});

test('what the app’s side prints leads to no other place, and is no more than modules', () => {
  for (const path of ['/etc', `${target}/../../other`, `${target}x`, `${target}/a b`, `${target}/a"b`, 7])
    assert.equal(foundIn(JSON.stringify([path, 'a', 'b']), target)[0], null, String(path));
  assert.deepEqual(foundIn(JSON.stringify([target, 'a"\nuser = "root', 'a:b']), target), [
    target,
    null,
    null,
  ]);
  for (const text of ['', 'null', '{}', '7', '["a"', '[[],{}]']) foundIn(text, target);
  fc.assert(
    fc.property(fc.json(), text => {
      for (const value of foundIn(text, target)) assert.match(value ?? '', /^[\w./-]*$/);
    }),
  );
});

test('the password of a URL is not shown', () => {
  assert.equal(shownUrl('https://me:t0ken@example.org/a.git'), 'https://me:***@example.org/a.git');
  for (const url of [
    'https://example.org:8443/a@b.git',
    'git@example.org:a/b.git',
    'ssh://git@example.org/a',
  ])
    assert.equal(shownUrl(url), url);
});
