import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import fc from 'fast-check';
import { foundIn, isBareRepository, shownUrl } from './code.ts';

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

test('a git repository without a work tree is known from a directory', t => {
  const directory = mkdtempSync(`${tmpdir()}/create-test-`);
  t.after(() => rmSync(directory, { recursive: true }));
  assert.equal(isBareRepository(directory), false);
  for (const name of ['objects', 'refs']) mkdirSync(`${directory}/${name}`);
  assert.equal(isBareRepository(directory), false);
  writeFileSync(`${directory}/HEAD`, 'ref: refs/heads/main\n');
  assert.equal(isBareRepository(directory), true);
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
